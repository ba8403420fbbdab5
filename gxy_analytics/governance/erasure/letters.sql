-- What is kept of the tenant's dead letters received up to the request.
select
    rejected_id,
    seal_version,
    raw,
    client_event_id,
    detail,
    headers,
    subjects
from raw.events_rejected
where tenant_id = {tenant_id:String} and received_at <= fromUnixTimestamp64Milli({until_ms:Int64}, 'UTC')
