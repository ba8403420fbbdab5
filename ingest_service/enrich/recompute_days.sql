select distinct partition_id
from system.parts
where database = 'raw' and table = 'events' and active and partition_id between {first:String} and {last:String}
order by partition_id
