with

source as (

    select * from {{ source('bronze', 'production') }}

),

newest as (

    select
        production_id,
        equipment_id,
        period_start,
        period_end,
        shift,
        product,
        planned_busy_time_s,
        actual_production_time_s,
        planned_run_time_per_item_s,
        produced_quantity,
        good_quantity,
        ingest_ts

    from source
    {{ newest_per('production_id', 'ingest_ts desc') }}

)

select * from newest
