select toString(tenant_id) as tenant, batch_id, accepted, inserted, deduplicated, rejected, dropped
from governance.ingest_ledger
where accepted != inserted + deduplicated + rejected + dropped
order by loaded_at
limit 100
