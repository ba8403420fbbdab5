{{ config(order_by=['tenant_id', 'local_date', 'product_id', 'currency'], chunk_by_events=true) }}

with behaviour as (
    select
        tenant_id,
        local_date,
        arrayJoin(product_ids) as product_id,
        toUInt64(1) as currency_rank,
        countIf(name = 'product_impression') as impressions,
        countIf(name = 'product_viewed') as views,
        countIf(name = 'product_clicked') as clicks,
        countIf(name = 'product_added') as cart_additions
    from {{ ref('stg_web__events') }}
    where
        {{ in_window('local_date') }}
        and not is_bot
        and name in ('product_impression', 'product_viewed', 'product_clicked', 'product_added')
    group by
        tenant_id,
        local_date,
        product_id
),

trade as (
    select
        tenant_id,
        local_date,
        product_id,
        currency,
        order_id as purchase,
        units,
        gross_sales,
        discounts,
        toInt64(0) as returned_units,
        toDecimal64(0, 4) as returns
    from {{ ref('fct_order_items') }}
    where {{ in_window('local_date') }}
    union all
    select
        tenant_id,
        local_date,
        product_id,
        currency,
        null as purchase,
        toInt64(0) as units,
        toDecimal64(0, 4) as gross_sales,
        toDecimal64(0, 4) as discounts,
        quantity as returned_units,
        amount as returns
    from {{ ref('stg_shop__refunds') }}
    where {{ in_window('local_date') }}
),

-- Amounts of two currencies are two rows. What visitors did has no currency and stands on the first of them.
traded as (
    select
        tenant_id,
        local_date,
        product_id,
        currency,
        count(distinct purchase) as purchases,
        sum(trade.units) as units,
        sum(trade.gross_sales) as gross_sales,
        sum(trade.discounts) as discounts,
        sum(trade.returned_units) as returned_units,
        sum(trade.returns) as returns,
        row_number() over (partition by tenant_id, local_date, product_id order by currency) as currency_rank
    from trade
    group by
        tenant_id,
        local_date,
        product_id,
        currency
)

select
    if(traded.tenant_id = '', behaviour.tenant_id, traded.tenant_id) as tenant_id,
    if(traded.tenant_id = '', behaviour.local_date, traded.local_date) as local_date,
    if(traded.tenant_id = '', behaviour.product_id, traded.product_id) as product_id,
    traded.currency as currency,
    behaviour.impressions as impressions,
    behaviour.views as views,
    behaviour.clicks as clicks,
    behaviour.cart_additions as cart_additions,
    traded.purchases as purchases,
    traded.units as units,
    traded.gross_sales as gross_sales,
    traded.discounts as discounts,
    traded.gross_sales - traded.discounts as revenue,
    traded.returned_units as returned_units,
    traded.returns as returns
from behaviour
full join traded
    on traded.tenant_id = behaviour.tenant_id
    and traded.local_date = behaviour.local_date
    and traded.product_id = behaviour.product_id
    and traded.currency_rank = behaviour.currency_rank
