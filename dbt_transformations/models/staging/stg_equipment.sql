with

source as (

    select * from {{ source('bronze', 'equipment') }}

),

newest as (

    select
        equipment_id,
        name,
        equipment_type,
        model,
        manufacturer,
        enterprise,
        plant_id,
        area,
        line,
        commissioned_on,
        rated_power_kw,
        criticality,
        ingest_ts

    from source
    {{ newest_per('equipment_id', 'ingest_ts desc') }}

)

select * from newest
