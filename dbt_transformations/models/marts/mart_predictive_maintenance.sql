with

machines as (

    select * from {{ ref('dim_equipment') }}

),

predictions as (

    select * from {{ ref('fact_predictions') }}

),

latest as (

    select equipment_id, model_name, model_version, as_of
    from predictions
    {{ newest_per('equipment_id', 'scored_at desc, as_of desc') }}

),

curves as (

    select
        equipment_id,
        as_of,
        max(scored_at) as scored_at,
        model_name,
        model_version,
        max(failure_probability) filter (where horizon_hours = 24) as p_24h,
        max(failure_probability) filter (where horizon_hours = 48) as p_48h,
        max(failure_probability) filter (where horizon_hours = 168) as p_7d,
        max(failure_probability) filter (where horizon_hours = 720) as p_30d,
        arg_min(factors, abs(horizon_hours - 168)) as factors

    from predictions
    inner join latest using (equipment_id, model_name, model_version, as_of)
    group by equipment_id, as_of, model_name, model_version

),

failures as (

    select equipment_id, max(source_ts) as last_failure_at
    from {{ ref('fact_equipment_events') }}
    where kind = 'failure'
    group by equipment_id

),

jobs as (

    select equipment_id, max(coalesce(ended_at, started_at)) as last_maintenance_at
    from {{ ref('fact_maintenance') }}
    group by equipment_id

)

select
    curves.equipment_id,
    machines.plant_id,
    machines.equipment_type,
    machines.line,
    machines.criticality,
    curves.as_of,
    curves.scored_at,
    curves.model_name,
    curves.model_version,
    curves.p_24h,
    curves.p_48h,
    curves.p_7d,
    curves.p_30d,
    curves.factors,
    failures.last_failure_at,
    jobs.last_maintenance_at

from curves
inner join machines using (equipment_id)
left join failures using (equipment_id)
left join jobs using (equipment_id)
order by curves.equipment_id
