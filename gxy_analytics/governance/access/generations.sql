select
    user_name,
    generation
from governance.access_users final
