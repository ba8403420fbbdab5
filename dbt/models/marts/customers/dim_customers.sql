{{ config(materialized='whole_swap', order_by=['tenant_id', 'customer_pid']) }}

{#- Fewer buyers than this in the year, and fifths of them mean nothing. -#}
{%- set fewest_buyers = 25 -%}

with tenants as (
    select
        orders.tenant_id as tenant_id,
        max(orders.local_date) as as_of_date,
        if(any(shops.currency) = '', argMin(orders.currency, (orders.local_date, orders.order_id)), any(shops.currency)) as currency
    from {{ ref('fct_orders') }} as orders
    left join {{ ref('stg_shop__tenants') }} as shops
        on shops.tenant_id = orders.tenant_id
    group by orders.tenant_id
),

days as (
    select distinct
        orders.tenant_id as tenant_id,
        orders.local_date as local_date,
        orders.currency as currency,
        tenants.currency as tenant_currency
    from {{ ref('fct_orders') }} as orders
    inner join tenants
        on tenants.tenant_id = orders.tenant_id
),

-- What one unit of the order's currency was worth in the tenant's on the order's day.
rates as (
    select
        days.tenant_id as tenant_id,
        days.local_date as local_date,
        days.currency as currency,
        if(days.currency = days.tenant_currency, toDecimal128(1, 8), order_rates.eur_per_unit) as from_rate,
        if(days.currency = days.tenant_currency, toDecimal128(1, 8), tenant_rates.eur_per_unit) as to_rate
    from days
    {{ join_rates('order_rates', 'days.currency', 'days.local_date') }}
    {{ join_rates('tenant_rates', 'days.tenant_currency', 'days.local_date') }}
),

returned as (
    select
        tenant_id,
        order_id,
        sum(amount) as returns
    from {{ ref('stg_shop__refunds') }}
    group by
        tenant_id,
        order_id
),

-- Returns at the rate of their order's day, so that an order given back whole nets to zero.
orders as (
    select
        orders.tenant_id as tenant_id,
        orders.customer_pid as customer_pid,
        orders.local_date as local_date,
        orders.is_cancelled as is_cancelled,
        orders.units as units,
        {{ convert('orders.gross_sales', 'rates.from_rate', 'rates.to_rate') }} as gross_sales,
        {{ convert('orders.discounts', 'rates.from_rate', 'rates.to_rate') }} as discounts,
        {{ convert('returned.returns', 'rates.from_rate', 'rates.to_rate') }} as returns
    from {{ ref('fct_orders') }} as orders
    inner join rates
        on rates.tenant_id = orders.tenant_id
        and rates.local_date = orders.local_date
        and rates.currency = orders.currency
    left join returned
        on returned.tenant_id = orders.tenant_id
        and returned.order_id = orders.order_id
    where orders.customer_pid != ''
),

dated as (
    select
        orders.*,
        tenants.as_of_date as as_of_date,
        tenants.currency as currency,
        not orders.is_cancelled and orders.local_date > tenants.as_of_date - 365 as is_recent
    from orders
    inner join tenants
        on tenants.tenant_id = orders.tenant_id
),

buyers as (
    select
        tenant_id,
        customer_pid,
        any(dated.as_of_date) as as_of_date,
        any(dated.currency) as currency,
        min(local_date) as first_order_date,
        max(local_date) as last_order_date,
        count() as orders,
        countIf(is_cancelled) as cancelled_orders,
        countIf(dated.gross_sales is null) as orders_without_rate,
        sum(dated.units) as units,
        ifNull(sum(dated.gross_sales), 0) as gross_sales,
        ifNull(sum(dated.discounts), 0) as discounts,
        ifNull(sum(dated.returns), 0) as returns,
        maxIf(local_date, is_recent) as recent_order_date,
        countIf(is_recent) as recent_orders,
        ifNull(sumIf(dated.gross_sales - dated.discounts - dated.returns, is_recent), 0) as recent_sales
    from dated
    group by
        tenant_id,
        customer_pid
),

-- Fifths of the year's buyers, 5 the best; equal ones are told apart by pseudonym, so that every build says the same.
ranked as (
    select
        *,
        recent_orders > 0 and count() over year_buyers >= {{ fewest_buyers }} as is_scored,
        ntile(5) over (partition by tenant_id, recent_orders > 0 order by recent_order_date, customer_pid) as recency_rank,
        ntile(5) over (partition by tenant_id, recent_orders > 0 order by recent_orders, customer_pid) as frequency_rank,
        ntile(5) over (partition by tenant_id, recent_orders > 0 order by recent_sales, customer_pid) as monetary_rank
    from buyers
    window year_buyers as (partition by tenant_id, recent_orders > 0)
)

select
    if(ranked.customer_pid = '', customers.tenant_id, ranked.tenant_id) as tenant_id,
    if(ranked.customer_pid = '', customers.customer_pid, ranked.customer_pid) as customer_pid,
    customers.country as country,
    customers.region as region,
    customers.accepts_marketing as accepts_marketing,
    customers.is_deleted as is_deleted,
    if(customers.customer_pid = '', null, customers.created_at) as registered_at,
    if(ranked.orders = 0, null, ranked.as_of_date) as as_of_date,
    if(ranked.orders = 0, null, ranked.first_order_date) as first_order_date,
    if(ranked.orders = 0, null, ranked.last_order_date) as last_order_date,
    ranked.orders as orders,
    ranked.cancelled_orders as cancelled_orders,
    ranked.units as units,
    ranked.currency as currency,
    ranked.gross_sales as gross_sales,
    ranked.discounts as discounts,
    ranked.returns as returns,
    ranked.gross_sales - ranked.discounts - ranked.returns as lifetime_value,
    ranked.orders_without_rate as orders_without_rate,
    if(ranked.is_scored, ranked.recency_rank, null) as recency_score,
    if(ranked.is_scored, ranked.frequency_rank, null) as frequency_score,
    if(ranked.is_scored, ranked.monetary_rank, null) as monetary_score,
    multiIf(
        not ranked.is_scored, '',
        ranked.recency_rank = 5 and ranked.frequency_rank >= 4, 'champions',
        ranked.recency_rank >= 3 and ranked.frequency_rank >= 4, 'loyal',
        ranked.recency_rank >= 4 and ranked.frequency_rank >= 2, 'potential_loyalists',
        ranked.recency_rank = 5, 'new',
        ranked.recency_rank = 4, 'promising',
        ranked.recency_rank = 3 and ranked.frequency_rank >= 2, 'needs_attention',
        ranked.recency_rank = 3, 'about_to_sleep',
        ranked.frequency_rank >= 3, 'at_risk',
        ranked.recency_rank = 2, 'hibernating',
        'lost'
    ) as rfm_segment
from {{ ref('stg_shop__customers') }} as customers
full join ranked
    on ranked.tenant_id = customers.tenant_id
    and ranked.customer_pid = customers.customer_pid
