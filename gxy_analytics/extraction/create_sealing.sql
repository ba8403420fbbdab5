create temporary table sealing engine = Memory empty as
select
    toUInt32(0) as position,
    $columns,
    '' as subject,
    content_hash,
    is_deleted
from $target
