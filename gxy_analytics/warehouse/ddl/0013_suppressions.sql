-- What an erased person did up to `until` is stored no more, wherever it comes from: events, dead letters, the backend's rows.
create table governance.suppressions
(
    tenant_id LowCardinality(String),
    kind LowCardinality(String) comment 'customer (a customer_pid), anonymous (an id of a browser or device)',
    identity_hash FixedString(64) comment 'SHA-256 of tenant, kind and identity with a zero byte between, lower-case hex',
    until DateTime64(3, 'UTC') comment 'Nothing that happened up to this instant is stored; 2299-12-31: never anything',
    tombstone String comment '64 random hex characters, instead of the pid in orders that are kept for the books; empty for kind anonymous',
    request_id UUID comment 'What asked for it',
    is_active Bool comment 'False once it was lifted',
    changed_at DateTime64(3, 'UTC') default now64(3) comment 'Version of the row'
)
engine = ReplacingMergeTree(changed_at)
order by (tenant_id, kind, identity_hash, request_id)
comment 'Identities of which nothing old is stored again (read with FINAL)';

-- Every loader says when it knows of a request, and when its spool holds nothing loaded from the time that the request is about.
create table governance.suppression_acks
(
    node_id LowCardinality(String) comment 'GXY_NODE_ID of the loader',
    request_id UUID,
    acknowledged_at DateTime64(3, 'UTC') comment 'From here on every batch of the node honours it',
    spool_clean_at Nullable(DateTime64(3, 'UTC')) comment 'Since when no segment with records received up to `until` is on its disk',
    changed_at DateTime64(3, 'UTC') default now64(3) comment 'Version of the row'
)
engine = ReplacingMergeTree(changed_at)
order by (request_id, node_id)
comment 'One row a request and node (read with FINAL)';
