-- Customers that a browser was seen with.
select distinct customer_pid
from ($pairs)
where anonymous_id in (select id from browsers)
order by customer_pid
