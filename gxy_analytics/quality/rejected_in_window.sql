select reason, count() as found
from raw.events_rejected final
where toDate(received_at) between {first:Date} and {last:Date}
group by reason
order by found desc
