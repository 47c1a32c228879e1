select
    equipment_id,
    name,
    equipment_type,
    model,
    manufacturer,
    enterprise,
    plant_id,
    area,
    line,
    commissioned_on,
    rated_power_kw,
    criticality

from {{ ref('stg_equipment') }}
order by equipment_id
