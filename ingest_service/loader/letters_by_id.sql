select
    tenant_id,
    rejected_id,
    toUnixTimestamp64Milli(received_at) as received_ms,
    if(sent_at is null, null, toUnixTimestamp64Milli(assumeNotNull(sent_at))) as sent_ms,
    protocol,
    reason,
    detail,
    raw,
    seal_version,
    ip_truncated,
    user_agent,
    headers,
    is_trusted
from raw.events_rejected final
where received_at between fromUnixTimestamp64Milli({first_ms:Int64}, 'UTC') and fromUnixTimestamp64Milli({last_ms:Int64}, 'UTC')
    and rejected_id in ({ids:Array(String)})
order by received_at, rejected_id
