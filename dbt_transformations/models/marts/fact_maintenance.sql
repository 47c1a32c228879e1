select
    maintenance_id,
    equipment_id,
    kind,
    component,
    started_at,
    ended_at,
    case when ended_at >= started_at then (epoch(ended_at) - epoch(started_at)) / 3600.0 end as duration_h,
    technician,
    parts,
    note

from {{ ref('stg_maintenance') }}
order by equipment_id, started_at
