-- Without staged events nothing is left of a session without the person.
select session_id, events, 0 as left_over
from $table
where $sessions
order by session_id
