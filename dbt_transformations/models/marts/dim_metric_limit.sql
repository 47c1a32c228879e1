with

limits as (

    select * from {{ ref('stg_limits') }}

),

machines as (

    select * from {{ ref('dim_equipment') }}

),

own as (

    select equipment_id, limits.* exclude (equipment_id), 1 as rank
    from limits
    where equipment_id is not null

),

of_type as (

    select machines.equipment_id, limits.* exclude (equipment_id), 2 as rank
    from limits
    inner join machines using (equipment_type)
    where limits.equipment_id is null

),

candidates as (

    select * from own
    union all by name
    select * from of_type

),

chosen as (

    select equipment_id, metric, warning_low, warning_high, alarm_low, alarm_high, source
    from candidates
    {{ newest_per('equipment_id, metric', 'rank, ingest_ts desc, limit_id') }}

)

select * from chosen
