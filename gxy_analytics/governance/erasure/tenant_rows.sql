select countIf(tenant_id = {tenant_id:String}) from $table
