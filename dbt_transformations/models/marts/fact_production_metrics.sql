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
    good_quantity

from {{ ref('stg_production') }}
order by equipment_id, period_start
