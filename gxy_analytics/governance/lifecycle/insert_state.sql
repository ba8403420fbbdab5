-- The tenant's state with what is given changed, the rest as it was. The first row remembers what the backend said.
insert into governance.tenant_states (tenant_id, is_suspended, is_leaving, backend_status, reason, changed_by, changed_at)
select
    tenants.tenant_id,
    if({is_suspended:String} = '', states.is_suspended, {is_suspended:String} = 'yes'),
    if({is_leaving:String} = '', states.is_leaving, {is_leaving:String} = 'yes'),
    if(states.tenant_id = '', tenants.status, states.backend_status),
    {reason:String},
    {changed_by:String},
    greatest(now64(3, 'UTC'), states.changed_at + toIntervalMillisecond(1))
from governance.tenants as tenants final
left join governance.tenant_states as states final on states.tenant_id = tenants.tenant_id
where tenants.tenant_id = {tenant_id:String}
