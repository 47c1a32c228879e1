{% test unique_combination(model, columns) %}
select {{ columns | join(', ') }}, count(*) as copies
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}

{% test between(model, column_name, at_least=none, at_most=none) %}
select {{ column_name }}
from {{ model }}
where false
    {% if at_least is not none %}or {{ column_name }} < {{ at_least }}{% endif %}
    {% if at_most is not none %}or {{ column_name }} > {{ at_most }}{% endif %}
{% endtest %}

{#- What a source may get wrong: reported, but one bad row does not keep the plant from its marts. -#}
{% test holds(model, claim) %}
{{ config(severity='warn') }}
select *
from {{ model }}
where not ({{ claim }})
{% endtest %}
