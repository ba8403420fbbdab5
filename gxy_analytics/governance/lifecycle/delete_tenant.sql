alter table governance.tenants delete where tenant_id = {tenant_id:String}
