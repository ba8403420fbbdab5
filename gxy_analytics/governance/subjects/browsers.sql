-- Browsers that these customers were seen with, and whether somebody else was as well.
select
    anonymous_id,
    max(customer_pid not in (select id from customers)) as is_shared
from ($pairs)
where anonymous_id in (
    select anonymous_id
    from ($pairs)
    where customer_pid in (select id from customers)
)
group by anonymous_id
order by anonymous_id
