select seal_version, count()
from raw.events_rejected
group by seal_version
order by seal_version
