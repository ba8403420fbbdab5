-- What the last build of each day had counted before it began.
select local_date, arrived, run_id, built_at
from governance.day_builds final
where local_date <= {last:Date}
order by local_date
