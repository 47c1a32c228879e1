select * from {{ ref('stg_predictions') }}
order by equipment_id, as_of, horizon_hours
