with

inspections as (

    select *, {{ utc_date('inspected_at') }} as date
    from {{ ref('fact_quality_inspections') }}

),

by_defect as (

    select
        date,
        equipment_id,
        product,
        defect_type,
        sum(inspected)::bigint as inspected,
        sum(defective)::bigint as defective

    from inspections
    group by date, equipment_id, product, defect_type

),

days as (

    select
        date,
        equipment_id,
        product,
        sum(inspected)::bigint as inspected,
        sum(defective)::bigint as defective,
        arg_max(defect_type, (defective, defect_type)) filter (
            where defective > 0 and defect_type is not null
        ) as top_defect_type

    from by_defect
    group by date, equipment_id, product

)

select
    date,
    equipment_id,
    product,
    inspected,
    defective,
    defective / nullif(inspected, 0) as defect_rate,
    top_defect_type,
    sum(defective) over last_days / nullif(sum(inspected) over last_days, 0) as trailing_defect_rate

from days
window last_days as (
    partition by equipment_id, product
    order by date
    range between interval '{{ var("quality_trend_days") - 1 }} days' preceding and current row
)
