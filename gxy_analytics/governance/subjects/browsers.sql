-- Browsers that these customers were seen with, and whether somebody else was as well.
select
    anonymous_id,
    max(not has({customer_pids:Array(String)}, customer_pid)) as is_shared
from ($pairs)
where anonymous_id in (
    select anonymous_id
    from ($pairs)
    where has({customer_pids:Array(String)}, customer_pid)
)
group by anonymous_id
order by anonymous_id
