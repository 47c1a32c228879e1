{#- ISO 22400-2 times and counts of a machine and day (the UTC day its period began). Divide only after summing. -#}
with

periods as (

    select * from {{ ref('fact_production_metrics') }}

),

machines as (

    select * from {{ ref('dim_equipment') }}

),

days as (

    select
        {{ utc_date('period_start') }} as date,
        equipment_id,
        count(*) as periods,
        sum(planned_busy_time_s) as pbt_s,
        count(planned_busy_time_s) as with_pbt,
        sum(actual_production_time_s) as apt_s,
        count(actual_production_time_s) as with_apt,
        sum(planned_run_time_per_item_s * produced_quantity) as pri_x_pq_s,
        count(planned_run_time_per_item_s * produced_quantity) as with_pri_x_pq,
        sum(planned_run_time_per_item_s * good_quantity) as pri_x_gq_s,
        count(planned_run_time_per_item_s * good_quantity) as with_pri_x_gq,
        sum(produced_quantity) as produced,
        sum(good_quantity) as good

    from periods
    group by date, equipment_id

)

select
    days.date,
    days.equipment_id,
    machines.plant_id,
    machines.line,
    case when days.with_pbt = days.periods then days.pbt_s end as pbt_s,
    case when days.with_apt = days.periods then days.apt_s end as apt_s,
    case when days.with_pri_x_pq = days.periods then days.pri_x_pq_s end as pri_x_pq_s,
    case when days.with_pri_x_gq = days.periods then days.pri_x_gq_s end as pri_x_gq_s,
    days.produced,
    days.good,
    days.with_pbt = days.periods and days.pbt_s > 0 and days.with_pri_x_gq = days.periods as is_computable

from days
inner join machines using (equipment_id)
order by days.equipment_id, days.date
