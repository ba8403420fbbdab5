-- The ingest ledger by tenant: accepted = inserted + deduplicated + rejected + dropped.
select
    tenant_id,
    sum(ingest_ledger.accepted) as accepted,
    sum(ingest_ledger.inserted) as inserted,
    sum(ingest_ledger.deduplicated) as deduplicated,
    sum(ingest_ledger.rejected) as rejected,
    sum(ingest_ledger.dropped) as dropped
from governance.ingest_ledger
where tenant_id in {tenants:Array(String)}
group by tenant_id
order by tenant_id
