order_id in (
    select order_id
    from raw.oltp_orders final
    where tenant_id = {tenant_id:String} and customer_pid in (select id from customers)
)
