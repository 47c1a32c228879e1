{#- Every UTC day from the first to the last that any fact speaks of. -#}
with

moments as (

    select to_timestamp(min(tile) * 3600) as first_at, to_timestamp(max(tile) * 3600) as last_at
    from {{ ref('fact_sensor_tiles_hourly') }}
    union all
    select min(source_ts), max(source_ts) from {{ ref('fact_equipment_events') }}
    union all
    select min(started_at), max(coalesce(ended_at, started_at)) from {{ ref('fact_maintenance') }}
    union all
    select min(inspected_at), max(inspected_at) from {{ ref('fact_quality_inspections') }}
    union all
    select min(period_start), max(period_end) from {{ ref('fact_production_metrics') }}

),

bounds as (

    select {{ utc_date('min(first_at)') }} as first_day, {{ utc_date('max(last_at)') }} as last_day
    from moments

),

days as (

    select unnest(generate_series(first_day, last_day, interval 1 day))::date as date
    from bounds

)

select
    date,
    isoyear(date)::integer as iso_year,
    weekofyear(date)::integer as iso_week,
    month(date)::integer as month,
    isodow(date)::integer as weekday

from days
order by date
