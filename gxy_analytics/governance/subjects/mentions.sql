-- Which of these identities stand in the column at all.
select distinct toString($column) as identity
from $table
where tenant_id = {tenant_id:String} and $column in {identities:Array(String)}
