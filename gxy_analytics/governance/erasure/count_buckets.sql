-- Rows by quarter of an hour, as governance.arrivals counted them.
select toStartOfFifteenMinutes(toDateTime($time, 'UTC')) as bucket_at, count() as erased
from $table
where $rows
group by bucket_at
order by bucket_at
