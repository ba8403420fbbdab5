select
    user_name,
    fingerprint
from governance.access_applied final
