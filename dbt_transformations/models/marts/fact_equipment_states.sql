{#- From one state report to the next. The last one holds until the machine was last heard, not until now. -#}
with

events as (

    select * from {{ ref('fact_equipment_events') }}

),

heard as (

    select equipment_id, max(moment) as heard_until
    from (
        select equipment_id, max(source_ts) as moment from events group by equipment_id
        union all
        select equipment_id, max(last_at) from {{ ref('fact_sensor_tiles_hourly') }} group by equipment_id
    ) as signs
    group by equipment_id

),

reports as (

    select * from events
    where kind = 'state' and state is not null

),

intervals as (

    select
        reports.equipment_id,
        reports.state,
        reports.mode,
        reports.planned,
        reports.code,
        reports.component,
        reports.source_ts as started_at,
        lead(reports.source_ts) over next_report as next_at,
        heard.heard_until

    from reports
    inner join heard using (equipment_id)
    window next_report as (partition by reports.equipment_id order by reports.source_ts, reports.event_id)

)

select
    equipment_id,
    state,
    mode,
    planned,
    code,
    component,
    started_at,
    coalesce(next_at, heard_until) as ended_at,
    next_at is null as is_open

from intervals
order by equipment_id, started_at
