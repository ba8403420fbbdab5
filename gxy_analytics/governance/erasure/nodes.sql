-- Nodes that loaded something lately, or know of the request, and what they say of it. A batch is named by its slot: `<node>-<n>`,
-- or `replay-<node>`.
select
    loading.node as node,
    acks.acknowledged_at as acknowledged_at,
    acks.spool_clean_at as spool_clean_at
from (
    select extract(replaceRegexpOne(batch_id, '^replay-([^:]*):', '\\1-0:'), '^(.*)-[^-:]+:') as node
    from governance.ingest_ledger
    where loaded_at >= now() - toIntervalDay({days:UInt32})
    union distinct
    select toString(node_id)
    from governance.suppression_acks
    where request_id = {request_id:UUID}
) as loading
left join (
    select toString(node_id) as node_id, toNullable(acknowledged_at) as acknowledged_at, spool_clean_at
    from governance.suppression_acks final
    where request_id = {request_id:UUID}
) as acks on acks.node_id = loading.node
where loading.node != ''
order by node
