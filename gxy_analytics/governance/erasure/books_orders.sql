select toString(currency) as currency, count() as orders, sum(gross_sales) as gross_sales, sum(discounts) as discounts,
    sum(grand_total) as grand_total
from marts.fct_orders
where tenant_id = {tenant_id:String}
group by currency
order by currency
