-- How many rows of the day each column would change in.
select $counts
from raw.events
where _partition_id = {partition:String} and ({tenant:String} = '' or tenant_id = {tenant:String}) and $is_known
