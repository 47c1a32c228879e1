{#- Neighbouring unplanned states are one stop. A machine that reports no states stops when it fails. -#}
{% set weight = "(signals.is_failure, coalesce(signals.severity, 0), -epoch(signals.source_ts))" %}
with

states as (

    select * from {{ ref('fact_equipment_states') }}

),

failures as (

    select * from {{ ref('fact_equipment_events') }}
    where kind = 'failure'

),

signals as (

    select *, kind = 'failure' as is_failure
    from {{ ref('fact_equipment_events') }}
    where kind in ('failure', 'error', 'alarm')

),

repairs as (

    select * from {{ ref('fact_maintenance') }}
    where kind = 'corrective'

),

marked as (

    select *, state <> 'executing' and planned is not distinct from false as is_unplanned
    from states

),

runs as (

    select
        *,
        count_if(not is_unplanned) over (
            partition by equipment_id order by started_at, ended_at
            rows between unbounded preceding and current row
        ) as run
    from marked

),

stops as (

    select
        equipment_id,
        min(started_at) as started_at,
        max(ended_at) as ended_at,
        arg_min(code, started_at) filter (where code is not null) as code,
        arg_min(component, started_at) filter (where component is not null) as component

    from runs
    where is_unplanned
    group by equipment_id, run

),

-- A failure explains a stop it shortly precedes or falls into, an error or alarm one that begins with it.
explained as (

    select
        stops.equipment_id,
        stops.started_at,
        stops.ended_at,
        coalesce(stops.code, arg_max(signals.code, {{ weight }})) as code,
        coalesce(stops.component, arg_max(signals.component, {{ weight }})) as component

    from stops
    left join signals
        on stops.equipment_id = signals.equipment_id
        and signals.source_ts <= stops.ended_at
        and signals.source_ts >= stops.started_at - interval '{{ var("stop_reason_hours") }} hours'
        and (
            signals.is_failure
            or abs(epoch(signals.source_ts) - epoch(stops.started_at)) <= {{ var("stop_alarm_minutes") }} * 60
        )
    group by stops.equipment_id, stops.started_at, stops.ended_at, stops.code, stops.component

),

failed as (

    select
        failures.equipment_id,
        failures.source_ts as started_at,
        min(failures.source_ts + to_microseconds((repairs.duration_h * 3600000000)::bigint)) as ended_at,
        failures.code,
        failures.component

    from failures
    anti join states using (equipment_id)
    left join repairs
        on failures.equipment_id = repairs.equipment_id
        and repairs.started_at >= failures.source_ts
        and repairs.started_at <= failures.source_ts + interval '{{ var("repair_begin_hours") }} hours'
    group by failures.equipment_id, failures.event_id, failures.source_ts, failures.code, failures.component

)

select * from explained
union all by name
select * from failed
order by equipment_id, started_at
