select
    tenant_id,
    rejected_id,
    received_at,
    protocol,
    client_event_id,
    reason,
    pointer,
    detail,
    is_truncated,
    replayed_at,
    substring(raw, 1, 200) as raw
from raw.events_rejected final
where ({tenant:String} = '' or tenant_id = {tenant:String})
    and ({reason:String} = '' or reason = {reason:String})
    and received_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    and ({search:String} = '' or position(raw, {search:String}) > 0 or client_event_id = {search:String})
order by received_at desc, rejected_id
limit {limit:UInt32}
