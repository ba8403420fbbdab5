with acts as (
    select
        sequence,
        occurred_at,
        actor,
        db_user,
        program,
        origin,
        action,
        tenant_id,
        subject,
        reason,
        rows,
        details
    from governance.audit
    union all
    select
        0 as sequence,
        occurred_at,
        actor,
        db_user,
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
    limit 1 by db_user, entry_id
)

select
    sequence,
    formatDateTime(occurred_at, '%Y-%m-%dT%H:%i:%SZ', 'UTC') as occurred,
    actor,
    db_user,
    program,
    origin,
    action,
    tenant_id,
    subject,
    reason,
    rows,
    details
from acts
where
    ({tenant:String} = '' or tenant_id = {tenant:String})
    and ({actor:String} = '' or actor = {actor:String})
    and ({action:String} = '' or action = {action:String} or startsWith(action, concat({action:String}, '.')))
    and occurred_at >= {since:DateTime64(3)}
order by occurred_at desc, sequence desc
limit {limit:UInt64}
