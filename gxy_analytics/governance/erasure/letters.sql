-- What is kept of the tenant's dead letters received up to the request.
select
    rejected_id,
    seal_version,
    raw,
    concat(client_event_id, '\n', detail, '\n', arrayStringConcat(mapValues(headers), '\n')) as beside,
    subjects
from raw.events_rejected
where tenant_id = {tenant_id:String} and received_at <= fromUnixTimestamp64Milli({until_ms:Int64}, 'UTC')
