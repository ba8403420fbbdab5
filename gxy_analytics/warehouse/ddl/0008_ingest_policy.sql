alter table governance.write_keys
    add column kind LowCardinality(String) default 'public' comment 'public: may be seen in a browser; secret: for servers only' after key_prefix;

-- What the ingest service allows a tenant and does with its events. A tenant without a row has the defaults.
create table governance.ingest_policies
(
    tenant_id LowCardinality(String),
    origins Array(String) comment 'Web origins that may send; empty: any',
    events_per_second UInt64 comment '0: the service''s default',
    events_burst UInt64 comment 'Events taken at once after a pause; 0: ten seconds of the rate',
    bytes_per_second UInt64 comment '0: the service''s default',
    bytes_burst UInt64 comment 'Bytes taken at once after a pause; 0: ten seconds of the rate',
    ip LowCardinality(String) comment 'truncate: the network of the address is kept; drop: nothing is',
    is_cookieless Bool comment 'Identifiers of the browser are replaced by one that lasts a day',
    honours_gpc Bool comment 'Sec-GPC: 1 is an objection',
    honours_dnt Bool comment 'DNT: 1 is an objection',
    url_parameters Array(String) comment 'Query parameters kept in URLs beside those of campaigns',
    consent_required Array(String) comment 'Purposes without which an event is not stored; empty: none',
    changed_at DateTime64(3, 'UTC') comment 'Version of the row'
)
engine = ReplacingMergeTree(changed_at)
order by tenant_id
comment 'One row a tenant with a policy of its own (read with FINAL)';
