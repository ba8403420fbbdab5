-- One person's rows of one table. The server sorts on disk what does not fit into memory, and answers whole or not at all.
select $columns
from $table $final
where tenant_id = {tenant_id:String} and ($condition)
order by $order
