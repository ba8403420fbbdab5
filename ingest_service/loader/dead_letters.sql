select
    tenant_id,
    rejected_id,
    received_at,
    protocol,
    client_event_id,
    reason,
    pointer,
    detail,
    replayed_at,
    length(raw) as raw_bytes,
    substring(raw, 1, {shown:UInt32}) as beginning
from raw.events_rejected final
where ({tenant:String} = '' or tenant_id = {tenant:String})
    and ({reason:String} = '' or reason = {reason:String})
    and ({protocol:String} = '' or protocol = {protocol:String})
    and received_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    and received_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
    and (
        {search:String} = ''
        or client_event_id = {search:String}
        or positionCaseInsensitiveUTF8(detail, {search:String}) > 0
        or positionCaseInsensitiveUTF8(raw, {search:String}) > 0
    )
order by received_at desc, rejected_id
limit {limit:UInt32}
