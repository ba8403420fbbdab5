select
    tenant_id,
    fingerprint
from governance.tenant_keys final
