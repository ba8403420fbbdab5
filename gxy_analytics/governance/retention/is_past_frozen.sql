(tenant_id, local_date) in (select tenant_id, local_date from governance.retention_frozen_days)
    and (tenant_id, local_date) in (select tenant_id, local_date - 1 from governance.retention_frozen_days)
