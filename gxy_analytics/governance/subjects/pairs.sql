-- A browser and a customer in one row. Events without a browser's id carry the customer in its place.
select distinct toString($browser) as anonymous_id, customer_pid
from $table
where tenant_id = {tenant_id:String}
    and customer_pid != ''
    and $browser not in ('', customer_pid)
