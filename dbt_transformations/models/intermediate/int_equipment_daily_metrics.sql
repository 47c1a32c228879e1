{#- Good readings of a machine, metric and UTC day against what the series usually sends. -#}
with

tiles as (

    select *, {{ utc_date('to_timestamp(tile * 3600)') }} as date
    from {{ ref('fact_sensor_tiles_hourly') }}

),

rates as (

    select equipment_id, metric, median(n + n_bad) as readings_per_hour, min(date) as first_date
    from tiles
    group by equipment_id, metric

),

machine_days as (

    select distinct equipment_id, date from tiles

),

-- A metric that falls silent keeps its row, with a coverage of 0.
spine as (

    select machine_days.equipment_id, rates.metric, machine_days.date, rates.readings_per_hour
    from machine_days
    inner join rates
        on machine_days.equipment_id = rates.equipment_id
        and machine_days.date >= rates.first_date

),

days as (

    select
        equipment_id,
        metric,
        date,
        sum(n) as n,
        sum(n_bad) as n_bad,
        min(reference) + sum(s1) / nullif(sum(n), 0) as mean,
        case
            when sum(n) > 1 then sqrt(greatest(0.0, (sum(s2) - sum(s1) * sum(s1) / sum(n)) / (sum(n) - 1)))
        end as std,
        min(min_value) as min_value,
        max(max_value) as max_value

    from tiles
    group by equipment_id, metric, date

),

expected as (

    select
        spine.*,
        spine.readings_per_hour * greatest(1.0, least(
            24.0,
            (epoch({{ as_of() }}) - epoch(spine.date::timestamp at time zone 'UTC')) / 3600.0
        )) as expected

    from spine

)

select
    expected.equipment_id,
    expected.metric,
    expected.date,
    coalesce(days.n, 0)::bigint as n,
    coalesce(days.n_bad, 0)::bigint as n_bad,
    days.mean,
    days.std,
    days.min_value,
    days.max_value,
    expected.expected,
    least(1.0, coalesce(days.n, 0) / expected.expected) as coverage

from expected
left join days using (equipment_id, metric, date)
