select key_version, count()
from pii.keys
group by key_version
order by key_version
