-- Whether one of these ids stands in the column at all.
select 1
from $table
where tenant_id = {tenant_id:String} and $column in (select id from ids)
limit 1
