with

source as (

    select * from {{ source('bronze', 'feedback') }}

),

newest as (

    select
        feedback_id,
        run_id,
        thread_id,
        verdict,
        comment,
        created_at

    from source
    {{ newest_per('feedback_id', 'created_at desc') }}

)

select * from newest
