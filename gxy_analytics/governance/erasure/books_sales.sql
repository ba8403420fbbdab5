select toString(currency) as currency, sum(orders) as orders, sum(gross_sales) as gross_sales, sum(discounts) as discounts,
    sum(returns) as returns, sum(net_sales) as net_sales, sum(total_sales) as total_sales
from marts.sales_daily
where tenant_id = {tenant_id:String}
group by currency
order by currency
