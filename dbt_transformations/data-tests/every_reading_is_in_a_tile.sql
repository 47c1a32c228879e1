-- Readings held and readings counted by the tiles are the same number: nothing was dropped or counted twice.
with

readings as (

    select count(*) as readings from {{ ref('fact_sensor_readings') }}

),

tiles as (

    select coalesce(sum(n + n_bad), 0) as readings from {{ ref('fact_sensor_tiles_hourly') }}

)

select readings.readings as held, tiles.readings as counted
from readings
cross join tiles
where readings.readings <> tiles.readings
