select
    sequence,
    toString(entry_id) as entry,
    toUnixTimestamp64Micro(occurred_at) as occurred_us,
    toUnixTimestamp64Micro(recorded_at) as recorded_us,
    db_user,
    actor,
    program,
    origin,
    action,
    tenant_id,
    subject,
    reason,
    rows,
    details,
    toUnixTimestamp64Micro(sealed_at) as sealed_us,
    previous_hash,
    hash,
    key_id,
    mac
from governance.audit
where sequence in ($sequences)
order by sequence
limit 1 by sequence
