-- The columns of links.sql, written out there too: what differs is the end. Here any one of several rows with a sequence will do;
-- there none may be left out, for a row that was added is what verification looks for.
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
