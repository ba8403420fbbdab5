select
    tenant_id,
    $pid
from $target final
where not is_deleted and substring($pid, 1, {digits:UInt8}) in {buckets:Array(String)}
