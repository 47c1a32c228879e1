with

readings as (

    select * from {{ source('bronze', 'readings') }}

),

metrics as (

    select * from {{ source('bronze', 'metric_catalogue') }}

),

cleaned as (

    select
        readings.equipment_id,
        readings.metric,
        readings.device_id,
        readings.epoch,
        readings.seq,
        case when isfinite(readings.value) then readings.value end as value,
        readings.status_code,
        coalesce(
            readings.status_code >> 30 = 0
            and isfinite(readings.value)
            and readings.value between metrics.minimum and metrics.maximum,
            false
        ) as is_good,
        readings.source_ts,
        readings.ingest_ts

    from readings
    left join metrics using (metric)

)

select * from cleaned
