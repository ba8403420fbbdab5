-- A tenant's customers in order, as many as are opened at a time.
tenant_id = {tenant_id:String} and customer_pid > (select max(id) from customers)
    order by customer_pid
    limit {rows:UInt32}
