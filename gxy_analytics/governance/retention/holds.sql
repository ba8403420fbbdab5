select hold_id, toString(tenant_id), subject_hash, reason, placed_by, placed_at
from governance.retention_holds final
where lifted_at is null
order by placed_at, hold_id
