select
    event_id,
    equipment_id,
    kind,
    code,
    severity,
    state,
    mode,
    planned,
    component,
    failure_mode,
    failure_mechanism,
    failure_cause,
    message,
    source_ts

from {{ ref('stg_equipment_events') }}
order by equipment_id, source_ts
