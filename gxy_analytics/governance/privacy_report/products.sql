-- Names of what the person ordered.
select product_id, name, sku
from raw.oltp_products final
where tenant_id = {tenant_id:String}
    and product_id in (
        select product_id
        from raw.oltp_order_items final
        where tenant_id = {tenant_id:String}
            and order_id in (
                select order_id
                from raw.oltp_orders final
                where tenant_id = {tenant_id:String} and customer_pid in (select id from customers)
            )
    )
order by product_id
