-- The next letters to replay, by key and size: they are read whole a few MiB at a time.
select
    toUnixTimestamp64Milli(received_at) as received_ms,
    toString(rejected_id) as rejected_id,
    raw_bytes,
    reason
from raw.events_rejected final
where replayed_at is null
    and ({tenant:String} = '' or tenant_id = {tenant:String})
    and ({reason:String} = '' or reason = {reason:String})
    and ({protocol:String} = '' or protocol = {protocol:String})
    and received_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    and received_at < parseDateTime64BestEffort({until:String}, 3, 'UTC')
    and ({search:String} = '' or client_event_id = {search:String})
    and (toUnixTimestamp64Milli(received_at), toString(rejected_id)) > ({after_ms:Int64}, {after_id:String})
order by received_at, rejected_id
limit {limit:UInt32}
