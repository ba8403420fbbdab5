select
    tenant_id,
    toString(rejected_id) as rejected_id,
    toUnixTimestamp64Milli(received_at) as received_ms,
    raw,
    detail,
    headers,
    seal_version
from raw.events_rejected as letter final
where letter.tenant_id in {tenants:Array(String)}
    and letter.received_at
        between fromUnixTimestamp64Milli({first_ms:Int64}, 'UTC') and fromUnixTimestamp64Milli({last_ms:Int64}, 'UTC')
    and toString(letter.rejected_id) in {ids:Array(String)}
