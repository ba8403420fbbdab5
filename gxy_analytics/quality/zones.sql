select toString(tenant_id) as tenant_id, toString(timezone) as timezone, valid_from
from governance.tenant_timezones final
order by valid_from
