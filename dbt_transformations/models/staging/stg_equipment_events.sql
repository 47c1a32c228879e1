with

source as (

    select * from {{ source('bronze', 'events') }}

),

newest as (

    select
        concat_ws(':', device_id, epoch, seq) as event_id,
        equipment_id,
        kind,
        code,
        severity,
        state,
        mode,
        planned,
        component,
        failure_mode,
        failure_mechanism,
        failure_cause,
        message,
        source_ts,
        ingest_ts

    from source
    {{ newest_per('device_id, epoch, seq', 'ingest_ts desc') }}

)

select * from newest
