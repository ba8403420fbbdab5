select
    tenant_id,
    $id
from $target final
where not is_deleted and $id >= {bucket:UInt64} and $id < {bucket:UInt64} + {bucket_keys:UInt64}
