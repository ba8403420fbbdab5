create table governance.tenant_keys
(
    tenant_id LowCardinality(String),
    fingerprint String comment 'Derived from the tenant''s keys, which it does not reveal: tells another master key before it does harm',
    first_used_at DateTime64(3, 'UTC') default now64(3, 'UTC')
)
engine = ReplacingMergeTree
order by tenant_id
comment 'Which master key each tenant was pseudonymised with (read with FINAL)';
