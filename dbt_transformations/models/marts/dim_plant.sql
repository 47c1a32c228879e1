select plant_id, count(*) as equipment_count
from {{ ref('dim_equipment') }}
group by plant_id
order by plant_id
