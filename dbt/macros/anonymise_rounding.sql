{#- How an anonymous number is made coarse. Which numbers are shown at all is in `anonymise`. Steps: var `anonymous_rounding`. -#}

{#- A count of tenants or customers, down to a step: there are that many at least. One that leaves is seldom seen. -#}
{% macro at_least(count) -%}
    toUInt64(intDiv({{ count }}, {{ var('anonymous_rounding') }}) * {{ var('anonymous_rounding') }})
{%- endmacro %}

{#- A count of what is hidden, up to a step; 0 stays 0. -#}
{% macro at_most(count) -%}
    toUInt64(intDiv({{ count }} + {{ var('anonymous_rounding') }} - 1, {{ var('anonymous_rounding') }}) * {{ var('anonymous_rounding') }})
{%- endmacro %}

{#- A sum to two significant digits, and never finer than a step. -#}
{% macro roughly(amount) -%}
    toInt64(round(toFloat64({{ amount }}) / {{ rough_step(amount) }}) * {{ rough_step(amount) }})
{%- endmacro %}

{% macro rough_step(amount) -%}
    greatest({{ var('anonymous_rounding') }}, exp10(floor(log10(greatest(abs(toFloat64({{ amount }})), 1))) - 1))
{%- endmacro %}

{#- Part of a total, to two digits after the point; null without a total. -#}
{% macro rough_share(amount, total) -%}
    if({{ total }} = 0, null, toDecimal32(round(toFloat64({{ amount }}) / toFloat64({{ total }}), 2), 4))
{%- endmacro %}
