select toString(state) as state, changed_at
from governance.privacy_request_states
where tenant_id = {tenant_id:String} and request_id = {request_id:UUID}
order by changed_at
