select
    tenants.status as status,
    tenants.oltp_id as oltp_id,
    states.is_suspended as is_suspended,
    states.is_leaving as is_leaving,
    states.reason as reason,
    states.changed_at as changed_at
from governance.tenants as tenants final
left join governance.tenant_states as states final on states.tenant_id = tenants.tenant_id
where tenants.tenant_id = {tenant_id:String}
