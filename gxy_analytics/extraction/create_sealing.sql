create temporary table sealing engine = Memory empty as
select
    toUInt32(0) as position,
    tenant_id,
    $key,
    content_hash,
    is_deleted
from $target
