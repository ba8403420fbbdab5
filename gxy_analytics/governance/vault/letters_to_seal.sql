-- The next letters that are not under the newest key, by key and size: they are read whole a few MiB at a time.
select
    tenant_id,
    toUnixTimestamp64Milli(received_at) as received_ms,
    toString(rejected_id) as rejected_id,
    raw_bytes
from raw.events_rejected as letter final
where letter.seal_version != {version:UInt32}
    and (letter.tenant_id, toUnixTimestamp64Milli(letter.received_at), toString(letter.rejected_id))
        > ({after_tenant:String}, {after_ms:Int64}, {after_id:String})
order by letter.tenant_id, letter.received_at, letter.rejected_id
limit {rows:UInt32}
