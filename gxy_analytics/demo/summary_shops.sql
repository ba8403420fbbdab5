-- Sales and conversion of each tenant over the window, in the tenant's currency.
with sales as (
    select
        tenant_id,
        currency,
        sum(sales_daily.orders) as orders,
        sum(sales_daily.gross_sales - sales_daily.discounts - sales_daily.cancelled_sales) as gmv,
        sum(sales_daily.gross_sales - sales_daily.discounts) as discounted_sales,
        sum(sales_daily.returns) as returns,
        sum(sales_daily.net_sales) as net_sales
    from marts.sales_daily
    where tenant_id in {tenants:Array(String)} and local_date between {first:Date} and {last:Date}
    group by
        tenant_id,
        currency
),

visits as (
    select
        tenant_id,
        sum(funnel_daily.sessions) as sessions,
        sum(funnel_daily.sessions_with_any_purchase) as purchases
    from marts.funnel_daily
    where tenant_id in {tenants:Array(String)} and local_date between {first:Date} and {last:Date}
    group by tenant_id
)

select
    sales.tenant_id as tenant_id,
    sales.currency as currency,
    sales.orders as orders,
    sales.gmv as gmv,
    sales.discounted_sales as discounted_sales,
    sales.returns as returns,
    sales.net_sales as net_sales,
    visits.sessions as sessions,
    visits.purchases as purchases
from sales
left join visits on visits.tenant_id = sales.tenant_id
order by
    tenant_id,
    currency
