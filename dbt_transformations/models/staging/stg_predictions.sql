with

source as (

    select * from {{ source('bronze', 'predictions') }}

),

newest as (

    select
        prediction_id,
        equipment_id,
        model_name,
        model_version,
        as_of,
        horizon_hours,
        failure_probability,
        probability_low,
        probability_high,
        factors,
        feature_hash,
        scored_at

    from source
    {{ newest_per('prediction_id', 'scored_at desc') }}

)

select * from newest
