toDateTime64({column:Identifier}, 3, 'UTC')
    < transform(toString(tenant_id), {tenants:Array(String)}, {cutoffs:Array(DateTime64(3, 'UTC'))}, {otherwise:DateTime64(3, 'UTC')})
