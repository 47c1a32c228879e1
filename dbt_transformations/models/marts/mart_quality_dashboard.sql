with

trends as (

    select * from {{ ref('int_quality_trends') }}

),

machines as (

    select * from {{ ref('dim_equipment') }}

)

select
    trends.date,
    trends.equipment_id,
    machines.plant_id,
    machines.line,
    trends.product,
    trends.inspected,
    trends.defective,
    trends.defect_rate,
    trends.top_defect_type,
    trends.trailing_defect_rate

from trends
inner join machines using (equipment_id)
order by trends.equipment_id, trends.date
