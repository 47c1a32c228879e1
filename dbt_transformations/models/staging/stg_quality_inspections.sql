with

source as (

    select * from {{ source('bronze', 'quality') }}

),

newest as (

    select
        inspection_id,
        equipment_id,
        product,
        batch,
        inspected,
        defective,
        defect_type,
        inspected_at,
        ingest_ts

    from source
    {{ newest_per('inspection_id', 'ingest_ts desc') }}

)

select * from newest
