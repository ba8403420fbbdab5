-- What this node has said before, so that a restart says nothing twice.
select
    request_id,
    toUnixTimestamp64Milli(acknowledged_at) as acknowledged_ms,
    spool_clean_at is not null as is_clean
from governance.suppression_acks final
where node_id = {node_id:String}
