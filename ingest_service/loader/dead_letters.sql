select
    tenant_id,
    toString(rejected_id) as rejected_id,
    received_at,
    toUnixTimestamp64Milli(received_at) as received_ms,
    protocol,
    client_event_id,
    reason,
    pointer,
    replayed_at,
    raw_bytes,
    seal_version > 0 as is_sealed
from raw.events_rejected final
where ({tenant:String} = '' or tenant_id = {tenant:String})
    and ({reason:String} = '' or reason = {reason:String})
    and ({protocol:String} = '' or protocol = {protocol:String})
    and received_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    and received_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
    and ({search:String} = '' or client_event_id = {search:String})
order by received_at desc, rejected_id
limit {limit:UInt32}
