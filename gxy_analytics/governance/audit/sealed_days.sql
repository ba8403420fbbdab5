select toYYYYMMDD(recorded_at) as day
from governance.audit_entries
group by day
having
    max(recorded_at) < now() - interval 2 day
    and countIf(
        (db_user, entry_id) not in (
            select db_user, entry_id from governance.audit where entry_id in (select entry_id from governance.audit_entries)
        )
    ) = 0
order by day
