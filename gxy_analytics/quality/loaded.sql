-- The ledger as a whole: events by what became of them, how many tenants, and when the last batch was loaded.
select
    sum(accepted) as accepted,
    sum(inserted) as inserted,
    sum(deduplicated) as deduplicated,
    sum(rejected) as rejected,
    sum(dropped) as dropped,
    uniqExact(tenant_id) as tenants,
    max(loaded_at) as last_loaded_at
from governance.ingest_ledger
