with

source as (

    select * from {{ source('bronze', 'limits') }}

),

newest as (

    select
        limit_id,
        equipment_id,
        equipment_type,
        metric,
        warning_low,
        warning_high,
        alarm_low,
        alarm_high,
        source,
        ingest_ts

    from source
    {{ newest_per('limit_id', 'ingest_ts desc') }}

)

select * from newest
