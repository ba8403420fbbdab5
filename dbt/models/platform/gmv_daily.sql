{{ config(order_by=['local_date', 'currency']) }}

with days as (
    select
        local_date,
        currency,
        '{{ reporting_currency() }}' as reporting_currency,
        sum(sales.orders - sales.cancelled_orders) as orders,
        uniqExactIf(tenant_id, sales.orders > sales.cancelled_orders) as tenants,
        sum(sales.gross_sales - sales.discounts - sales.cancelled_sales) as gmv
    from {{ ref('sales_daily') }} as sales
    where {{ in_window('local_date') }}
    group by
        local_date,
        currency
    having orders > 0
)

select
    days.local_date as local_date,
    days.currency as currency,
    days.orders as orders,
    days.tenants as tenants,
    days.gmv as gmv,
    days.reporting_currency as reporting_currency,
    if(
        days.currency = days.reporting_currency,
        toNullable(days.gmv),
        {{ convert('days.gmv', 'rates.eur_per_unit', 'reporting_rates.eur_per_unit') }}
    ) as gmv_reporting,
    if(
        days.currency = days.reporting_currency,
        toNullable(days.local_date),
        if(gmv_reporting is null, null, least(rates.rate_date, reporting_rates.rate_date))
    ) as fx_date,
    if(gmv_reporting is null, days.orders, 0) as orders_without_rate
from days
{{ join_rates('rates', 'days.currency', 'days.local_date') }}
{{ join_rates('reporting_rates', 'days.reporting_currency', 'days.local_date') }}
