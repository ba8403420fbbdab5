select toString(currency) as currency, count() as lines, sum(units) as units, sum(gross_sales) as gross_sales,
    sum(discounted_sales) as discounted_sales
from marts.fct_order_items
where tenant_id = {tenant_id:String}
group by currency
order by currency
