select toString(tenant_id), toString(rule_name), days
from governance.retention_periods final
where days > 0
