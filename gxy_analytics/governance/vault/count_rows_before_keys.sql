-- In all active parts: a row that a newer one replaced still has its own key.
select count()
from $table
where wrapped_key != ''
