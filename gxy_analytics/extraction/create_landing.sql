create temporary table landing engine = Memory empty as
select $columns
from $target
