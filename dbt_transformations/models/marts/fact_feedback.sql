select * from {{ ref('stg_feedback') }}
order by created_at
