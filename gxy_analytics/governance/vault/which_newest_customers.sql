-- The newest customers of all tenants.
true
    order by changed_at desc, tenant_id, customer_pid
    limit {rows:UInt32}
