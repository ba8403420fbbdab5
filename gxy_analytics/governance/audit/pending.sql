-- A scan of two columns of the chain: what is dropped from the intake is no longer asked about.
select
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
    details
from governance.audit_entries
where (db_user, entry_id) not in (
    select db_user, entry_id from governance.audit where entry_id in (select entry_id from governance.audit_entries)
)
order by recorded_at, entry_id, db_user
limit 1 by db_user, entry_id
