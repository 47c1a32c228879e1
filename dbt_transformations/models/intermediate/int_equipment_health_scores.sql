{#- How far each metric stands from the machine's own normal, and the score that follows (docs/explanation/warehouse.md). -#}
{% set normal = "filter (where days.coverage >= " ~ var('health_coverage_bound') ~ ") over baseline" %}

with

days as (

    select * from {{ ref('int_equipment_daily_metrics') }}

),

metrics as (

    select * from {{ ref('dim_metric') }}

),

events as (

    select * from {{ ref('fact_equipment_events') }}

),

against_normal as (

    select
        days.equipment_id,
        days.metric,
        days.date,
        days.mean,
        days.coverage,
        metrics.bad_direction,
        avg(days.mean) {{ normal }} as normal_mean,
        stddev_samp(days.mean) {{ normal }} as normal_std,
        count(days.mean) {{ normal }} as normal_days

    from days
    inner join metrics using (metric)
    window baseline as (
        partition by days.equipment_id, days.metric
        order by days.date
        range between interval '{{ var("health_baseline_days") }} days' preceding and interval '1 day' preceding
    )

),

deviations as (

    select
        *,
        case bad_direction when 'high' then 1 when 'low' then -1 else sign(mean - normal_mean) end
            * (mean - normal_mean) / nullif(normal_std, 0) as deviation

    from against_normal
    where normal_days >= {{ var('health_baseline_least_days') }}
        and coverage >= {{ var('health_coverage_bound') }}
        -- the mean of a morning is no mean of a day
        and (date + 1)::timestamp at time zone 'UTC' <= {{ as_of() }}

),

worst as (

    select
        equipment_id,
        date,
        greatest(0.0, max(deviation)) as worst_deviation,
        arg_max(metric, deviation) filter (where deviation > 0) as worst_metric

    from deviations
    where deviation is not null
    group by equipment_id, date

),

covered as (

    select equipment_id, date, sum(least(n, expected)) / sum(expected) as coverage
    from days
    group by equipment_id, date

),

happened as (

    select
        equipment_id,
        {{ utc_date('source_ts') }} as date,
        count_if(kind in ('alarm', 'error'))::bigint as alarms,
        count_if(kind = 'failure')::bigint as failures

    from events
    where kind in ('alarm', 'error', 'failure')
    group by equipment_id, date

),

machine_days as (

    select
        equipment_id,
        date,
        covered.coverage,
        coalesce(happened.alarms, 0) as alarms,
        coalesce(happened.failures, 0) as failures

    from covered
    full join happened using (equipment_id, date)

)

select
    machine_days.equipment_id,
    machine_days.date,
    case
        when machine_days.coverage >= {{ var('health_coverage_bound') }} and worst.worst_deviation is not null
            then
                100.0
                - {{ var('health_deviation_points') }} * least(1.0, greatest(
                    0.0,
                    (worst.worst_deviation - {{ var('health_deviation_begin') }})
                    / ({{ var('health_deviation_full') }} - {{ var('health_deviation_begin') }})
                ))
                - {{ var('health_alarm_points') }} * least(1.0, machine_days.alarms / {{ var('health_alarms_full') }}.0)
                - {{ var('health_failure_points') }} * (machine_days.failures > 0)::integer
    end as health_score,
    coalesce(machine_days.coverage, 0.0) as coverage,
    worst.worst_metric,
    worst.worst_deviation,
    machine_days.alarms,
    machine_days.failures

from machine_days
left join worst using (equipment_id, date)
