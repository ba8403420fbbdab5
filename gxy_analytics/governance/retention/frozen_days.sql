select toString(tenant_id), local_date
from governance.retention_frozen_days final
where local_date between {first:Date} and {last:Date}
order by tenant_id, local_date
