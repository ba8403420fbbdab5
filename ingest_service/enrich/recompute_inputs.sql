-- What a group of columns is worked out from, each combination once.
select distinct $inputs
from raw.events
where _partition_id = {partition:String} and ({tenant:String} = '' or tenant_id = {tenant:String})
