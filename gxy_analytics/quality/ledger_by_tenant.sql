-- Per tenant: what the ledger says became of its events, and the rows of raw.events, both of batches cut before `settled`.
-- A batch's rows are inserted before its ledger entry, so the last minute is left out on both sides.
-- What was erased because a person asked counts as if it were in raw, and what went because its period was over
-- on its side as if it were there; `going` events may be there or not.
select
    tenant,
    sum(accepted) as accepted,
    sum(inserted) as inserted,
    sum(deduplicated) as deduplicated,
    sum(rejected) as rejected,
    sum(dropped) as dropped,
    sum(in_raw) as in_raw,
    sum(going) as going
from (
    select
        toString(tenant_id) as tenant, accepted, inserted, deduplicated, rejected, dropped, toUInt64(0) as in_raw, toUInt64(0) as going
    from governance.ingest_ledger
    where loaded_at < {settled:DateTime64(3, 'UTC')}
    union all
    select toString(tenant_id) as tenant, 0, 0, 0, 0, 0, count() as in_raw, 0
    from raw.events
    where loaded_at < {settled:DateTime64(3, 'UTC')}
    group by tenant
    union all
    select
        toString(tenant_id) as tenant,
        if(rule_name = 'governance.ingest_ledger' and state = 'done', events, 0) as accepted,
        accepted as inserted,
        0,
        0,
        0,
        if(rule_name = 'raw.events' and state = 'done', events, 0) as in_raw,
        if(state = 'begun', events, 0) as going
    from governance.retention_runs final
    where events > 0
    union all
    select toString(tenant_id) as tenant, 0, 0, 0, 0, 0, sum(erased) as in_raw, 0
    from governance.erased_rows
    where source = 'events'
    group by tenant
)
group by tenant
order by tenant
