select defect_type, count(*) as inspections
from {{ ref('fact_quality_inspections') }}
where defect_type is not null and defective > 0
group by defect_type
order by defect_type
