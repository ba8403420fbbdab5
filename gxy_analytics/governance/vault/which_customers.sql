-- Some customers of a tenant.
tenant_id = {tenant_id:String} and customer_pid in (select id from customers)
