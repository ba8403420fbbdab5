-- Requests as they stand, the newest first; an empty tenant or id asks for all.
select
    toString(tenant_id) as tenant_id,
    request_id,
    toString(subject_hash) as subject_hash,
    sealed_subject,
    toString(state) as state,
    requested_at,
    requested_by,
    reason,
    allowed_proportion,
    progress,
    report,
    error,
    changed_at
from governance.privacy_requests final
where kind = {kind:String}
    and ({tenant_id:String} = '' or privacy_requests.tenant_id = {tenant_id:String})
    and ({request_id:String} = '' or toString(request_id) = {request_id:String})
order by requested_at desc, request_id
