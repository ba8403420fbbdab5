{#- Rows of the built days for which an expression is not true. `by_day: false` for a table without local_date. -#}
{% test holds(model, expression, by_day=true) %}
select *
from {{ model }}
where
    not coalesce({{ expression }}, false)
{%- if by_day %}
    and {{ in_window('local_date') }}
{%- endif %}
{% endtest %}
