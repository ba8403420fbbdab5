-- The rows one by one, by a hash of the event's id, and the quarter of an hour that governance.arrivals counted each in.
select
    sipHash64(event_id) as event,
    toUnixTimestamp(toStartOfFifteenMinutes(toDateTime($time, 'UTC'))) as bucket
from $table
where $rows
order by event, bucket
