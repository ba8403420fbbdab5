create temporary table buried engine = Memory empty as
select $keys
from $target
