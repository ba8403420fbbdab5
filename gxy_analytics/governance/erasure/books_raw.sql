select
    toString(currency) as currency,
    count() as orders,
    sum(subtotal) as subtotal,
    sum(discount_total) as discounts,
    sum(shipping_total) as shipping,
    sum(tax_total) as taxes,
    sum(grand_total) as grand_total
from raw.oltp_orders final
where tenant_id = {tenant_id:String} and $orders
group by currency
order by currency
