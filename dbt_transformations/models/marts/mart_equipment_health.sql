with

scores as (

    select * from {{ ref('int_equipment_health_scores') }}

),

machines as (

    select * from {{ ref('dim_equipment') }}

)

select
    scores.date,
    scores.equipment_id,
    machines.plant_id,
    scores.health_score,
    scores.coverage,
    scores.worst_metric,
    scores.worst_deviation,
    scores.alarms,
    scores.failures

from scores
inner join machines using (equipment_id)
order by scores.equipment_id, scores.date
