{#- The zone of a tenant valid at an instant: one row a tenant and instant, none where the tenant has no zone (UTC). -#}
{% macro join_zones(rows, instant) -%}
    asof left join {{ ref('stg_governance__tenant_timezones') }} as zones
        on zones.tenant_id = {{ rows }}.tenant_id
        and zones.valid_from <= {{ instant }}
{%- endmacro %}

{% macro zone() -%}
    if(zones.timezone = '', 'UTC', zones.timezone)
{%- endmacro %}

{#- Local day of an instant. toDate(x, zone) wants a constant zone; formatDateTime takes one a row. -#}
{% macro local_date(instant, zone) -%}
    toDate(formatDateTime({{ instant }}, '%F', {{ zone }}))
{%- endmacro %}
