{#- Whole hours since 1970 (UTC). -#}
{% macro tile_of(moment) -%}
    (epoch_us({{ moment }}) // 3600000000)
{%- endmacro %}

{#- The UTC day of a moment. -#}
{% macro utc_date(moment) -%}
    ({{ moment }} at time zone 'UTC')::date
{%- endmacro %}

{#- The moment this transformation looks from. -#}
{% macro as_of() -%}
    (select max(as_of) from {{ source('bronze', 'run') }})
{%- endmacro %}
