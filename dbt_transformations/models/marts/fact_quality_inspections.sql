select inspection_id, equipment_id, product, batch, inspected, defective, defect_type, inspected_at
from {{ ref('stg_quality_inspections') }}
order by equipment_id, inspected_at
