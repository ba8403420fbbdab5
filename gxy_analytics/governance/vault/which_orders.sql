-- Some orders of a tenant, named by themselves or by whose they are.
tenant_id = {tenant_id:String}
    and (order_id in {order_ids:Array(UInt64)} or customer_pid in (select id from customers))
