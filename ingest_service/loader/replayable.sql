select
    tenant_id,
    rejected_id,
    toUnixTimestamp64Milli(received_at) as received_ms,
    if(sent_at is null, null, toUnixTimestamp64Milli(assumeNotNull(sent_at))) as sent_ms,
    protocol,
    reason,
    raw,
    ip_truncated,
    user_agent
from raw.events_rejected final
where replayed_at is null
    and not is_truncated
    and ({tenant:String} = '' or tenant_id = {tenant:String})
    and ({reason:String} = '' or reason = {reason:String})
    and received_at >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
    and (toUnixTimestamp64Milli(received_at), toString(rejected_id)) > ({after_ms:Int64}, {after_id:String})
order by received_at, rejected_id
limit {limit:UInt32}
