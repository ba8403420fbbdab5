select toString(tenant_id), toString(rule_name), partition_id, run_id, cutoff, rows, held, events, bytes, first_at, last_at, began_at
from governance.retention_runs final
where state = 'begun'
