{#- Keeps one row a key, the newest by `newest`: `qualify` part of a select. -#}
{% macro newest_per(keys, newest) -%}
    qualify row_number() over (partition by {{ keys }} order by {{ newest }}) = 1
{%- endmacro %}
