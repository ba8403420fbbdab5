{#- The currency of platform amounts, ISO 4217. -#}
{% macro reporting_currency() -%}
    {{ var('reporting_currency') or env_var('GXY_REPORTING_CURRENCY', 'EUR') }}
{%- endmacro %}

{#- The latest rate on or before a day: a row with eur_per_unit 0 where there is none. -#}
{% macro join_rates(name, currency, day) -%}
    asof left join {{ ref('fx_rates') }} as {{ name }}
        on {{ name }}.currency = {{ currency }}
        and {{ name }}.rate_date <= {{ day }}
{%- endmacro %}

{#- An amount in another currency, to four decimals; null without both rates. Exact but for that rounding. -#}
{% macro convert(amount, from_rate, to_rate) -%}
    if(
        {{ from_rate }} = 0 or {{ to_rate }} = 0,
        null,
        toDecimal128(
            round(divideDecimal(toDecimal256({{ amount }}, 4) * {{ from_rate }}, toDecimal256(if({{ to_rate }} = 0, 1, {{ to_rate }}), 8), 8), 4),
            4
        )
    )
{%- endmacro %}
