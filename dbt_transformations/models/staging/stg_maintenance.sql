with

source as (

    select * from {{ source('bronze', 'maintenance') }}

),

newest as (

    select
        maintenance_id,
        equipment_id,
        kind,
        component,
        started_at,
        ended_at,
        technician,
        parts,
        note,
        ingest_ts

    from source
    {{ newest_per('maintenance_id', 'ingest_ts desc') }}

)

select * from newest
