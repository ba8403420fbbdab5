(tenant_id, local_date) in (select tenant_id, local_date from governance.retention_frozen_days)
