create temporary table changed engine = Memory empty as
select
    $columns,
    row_hash
from $target
