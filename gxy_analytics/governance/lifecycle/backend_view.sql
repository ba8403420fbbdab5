-- Every tenant with what the backend said when its tenants were last extracted, and what the platform does with it.
select
    tenants.tenant_id as tenant_id,
    tenants.status as status,
    if(listed.tenant_id = '', '', if(listed.is_deleted, 'deleted', listed.status)) as backend_status,
    states.is_leaving as is_leaving
from governance.tenants as tenants final
left join raw.oltp_tenants as listed final on listed.tenant_id = tenants.tenant_id
left join governance.tenant_states as states final on states.tenant_id = tenants.tenant_id
order by tenant_id
