select tenant_id, oltp_id
from governance.tenant_removals final
where state in ('removing', 'verifying', 'removed')
