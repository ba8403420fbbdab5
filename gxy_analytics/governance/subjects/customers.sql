-- Customers that a browser was seen with.
select distinct customer_pid
from ($pairs)
where anonymous_id = {anonymous_id:String}
order by customer_pid
