-- The best sellers of each tenant over the window, by revenue in the tenant's currency.
select
    sold.tenant_id as tenant_id,
    products.product_name as product_name,
    products.category_name as category_name,
    sold.units as units,
    sold.revenue as revenue,
    sold.currency as currency
from (
    select
        tenant_id,
        product_id,
        currency,
        sum(product_daily.units) as units,
        sum(product_daily.revenue) as revenue
    from marts.product_daily
    where
        tenant_id in {tenants:Array(String)}
        and local_date between {first:Date} and {last:Date}
        and currency != ''
    group by
        tenant_id,
        product_id,
        currency
) as sold
inner join marts.dim_products as products
    on products.tenant_id = sold.tenant_id
    and products.product_id = sold.product_id
order by
    tenant_id,
    revenue desc,
    product_id
limit 2 by tenant_id
