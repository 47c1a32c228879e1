{#- Every hour that an arrived reading touches is computed again from the readings held, so late data needs no special case. -#}
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['equipment_id', 'metric', 'tile']) }}

with

readings as (

    select * from {{ ref('fact_sensor_readings') }}

),

metrics as (

    select * from {{ ref('dim_metric') }}

),

{% if is_incremental() -%}
touched as (

    select distinct equipment_id, metric, {{ tile_of('source_ts') }} as tile
    from {{ source('bronze', 'readings') }}

),

considered as (

    select readings.*, {{ tile_of('readings.source_ts') }} as tile
    from readings
    semi join touched
        on readings.equipment_id = touched.equipment_id
        and readings.metric = touched.metric
        and {{ tile_of('readings.source_ts') }} = touched.tile

),
{%- else -%}
considered as (

    select *, {{ tile_of('source_ts') }} as tile from readings

),
{%- endif %}

shifted as (

    select
        considered.equipment_id,
        considered.metric,
        considered.tile,
        considered.source_ts,
        considered.is_good,
        metrics.reference,
        case when considered.is_good then considered.value end as value,
        case when considered.is_good then considered.value - metrics.reference end as x

    from considered
    inner join metrics using (metric)

),

tiles as (

    select
        equipment_id,
        metric,
        tile,
        count(value) as n,
        coalesce(sum(x), 0.0) as s1,
        coalesce(sum(x * x), 0.0) as s2,
        min(value) as min_value,
        max(value) as max_value,
        count(*) - count(value) as n_bad,
        reference,
        max(source_ts) filter (where is_good) as last_at,
        arg_max(value, source_ts) filter (where is_good) as last_value

    from shifted
    group by equipment_id, metric, tile, reference

)

select * from tiles
