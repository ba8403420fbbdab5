select
    removal_id,
    tenant_id,
    oltp_id,
    state,
    reason,
    asked_by,
    asked_at,
    due_at,
    report,
    error,
    changed_at
from governance.tenant_removals final
where {tenant_id:String} in ('', tenant_id)
order by asked_at, tenant_id
