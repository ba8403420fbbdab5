alter table governance.tenant_states delete where tenant_id = {tenant_id:String}
