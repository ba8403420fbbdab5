{{ config(materialized='whole_swap', order_by=['week', 'category_name']) }}

-- Only of what is released: a number that used the exact ones of an earlier week would give them away.
with compared as (
    select
        *,
        sum(released.orders) over weeks_before as orders_before,
        count(released.orders) over weeks_before as known_before
    from {{ ref('category_weeks') }} as released
    window weeks_before as (partition by category_name order by week range between 28 preceding and 7 preceding)
)

select
    week,
    category_name,
    is_total,
    tenants,
    customers,
    orders,
    units,
    units_share,
    sales_share,
    if(is_total, null, toNullable(rank() over (partition by week, is_total order by units desc))) as units_rank,
    if(
        orders is null or known_before < 4 or orders_before = 0,
        null,
        toDecimal64(round(4 * orders / orders_before - 1, 2), 4)
    ) as orders_growth,
    not is_total and coalesce(orders_growth >= 0.5, false) as is_emerging,
    suppressed_categories
from compared
