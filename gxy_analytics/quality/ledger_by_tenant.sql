-- Per tenant: what the ledger says became of its events, and the rows of raw.events, both of batches cut before `settled`.
-- A batch's rows are inserted before its ledger entry, so the last minute is left out on both sides.
select
    tenant,
    sum(accepted) as accepted,
    sum(inserted) as inserted,
    sum(deduplicated) as deduplicated,
    sum(rejected) as rejected,
    sum(dropped) as dropped,
    sum(in_raw) as in_raw
from (
    select
        toString(tenant_id) as tenant, accepted, inserted, deduplicated, rejected, dropped, toUInt64(0) as in_raw
    from governance.ingest_ledger
    where loaded_at < {settled:DateTime64(3, 'UTC')}
    union all
    select toString(tenant_id) as tenant, 0, 0, 0, 0, 0, count() as in_raw
    from raw.events
    where loaded_at < {settled:DateTime64(3, 'UTC')}
    group by tenant
)
group by tenant
order by tenant
