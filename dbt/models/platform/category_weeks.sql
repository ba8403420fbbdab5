{{ config(materialized='whole_swap', released=true, order_by=['week', 'category_name']) }}
{%- set weeks = weeks_to_release() %}

with lines as (
    select
        items.tenant_id as tenant_id,
        items.local_date as local_date,
        items.order_id as order_id,
        items.customer_pid as customer_pid,
        items.currency as currency,
        '{{ reporting_currency() }}' as reporting_currency,
        items.units as units,
        items.discounted_sales as discounted_sales,
        replaceRegexpAll(lowerUTF8(trimBoth(products.category_name)), '\\s+', ' ') as name
    from {{ ref('fct_order_items') }} as items
    left join {{ ref('dim_products') }} as products
        on products.tenant_id = items.tenant_id
        and products.product_id = items.product_id
    where
        not items.is_cancelled
        and toMonday(items.local_date) in {{ weeks }}
),

converted as (
    select
        lines.tenant_id as tenant_id,
        toMonday(lines.local_date) as week,
        if(lines.name = '', '(none)', lines.name) as category,
        lines.order_id as order_id,
        lines.customer_pid as customer_pid,
        lines.units as units,
        if(
            lines.currency = lines.reporting_currency,
            toNullable(toDecimal128(lines.discounted_sales, 4)),
            {{ convert('lines.discounted_sales', 'rates.eur_per_unit', 'reporting_rates.eur_per_unit') }}
        ) as sales
    from lines
    {{ join_rates('rates', 'lines.currency', 'lines.local_date') }}
    {{ join_rates('reporting_rates', 'lines.reporting_currency','lines.local_date') }}
),

-- An order is one in each of its categories, and one in the total.
contributions as (
    select
        week as period,
        arrayJoin([category, '']) as cell,
        tenant_id,
        order_id,
        any(converted.customer_pid) as customer_pid,
        1 as orders,
        sum(converted.units) as units,
        sum(coalesce(converted.sales, 0)) as sales
    from converted
    group by
        period,
        cell,
        tenant_id,
        order_id
)

select
    period as week,
    cell as category_name,
    is_total,
    tenants,
    customers,
    orders,
    units,
    units_share,
    sales_share,
    suppressed_cells as suppressed_categories
from (
    {{ anonymous_cells(weeks, 'contributions', ['orders', 'units', 'sales']) }}
)
