-- What must not be deleted, whatever its period says: a legal dispute, an audit. Erasure and removal ask here first.
create table governance.retention_holds
(
    tenant_id LowCardinality(String),
    hold_id UUID,
    subject_hash String comment 'governance.suppressions names a customer the same way; empty: the tenant as a whole',
    reason String comment 'Why, without personal data',
    placed_by String,
    placed_at DateTime64(3, 'UTC'),
    lifted_by String,
    lifted_at Nullable(DateTime64(3, 'UTC')) comment 'Null while it is in force',
    changed_at DateTime64(3, 'UTC') comment 'Version of the row'
)
engine = ReplacingMergeTree(changed_at)
order by (tenant_id, hold_id)
comment 'Legal holds (read with FINAL)';

-- Where a tenant keeps something for another time than the platform.
create table governance.retention_periods
(
    tenant_id LowCardinality(String),
    rule_name LowCardinality(String) comment 'Of retention/defaults.toml: a table, or a table and what of it',
    days UInt32 comment 'Kept for so many days; 0: as long as the platform keeps it',
    changed_by String,
    changed_at DateTime64(3, 'UTC') comment 'Version of the row'
)
engine = ReplacingMergeTree(changed_at)
order by (tenant_id, rule_name)
comment 'Periods of tenants that differ from the platform''s (read with FINAL)';

-- Written before rows go and again when they are gone: what was begun and not finished is known, and counted once.
create table governance.retention_runs
(
    tenant_id LowCardinality(String),
    rule_name LowCardinality(String) comment 'As in governance.retention_periods',
    partition_id String comment 'Partition of the table',
    run_id UUID,
    state LowCardinality(String) comment 'begun, done',
    cutoff DateTime64(3, 'UTC') comment 'What is older went',
    rows UInt64 comment 'Rows that went; of a begun one, rows that are to go',
    held UInt64 comment 'Rows as old that a legal hold kept',
    events UInt64 comment 'Events that they stood for: rows of raw.events, inserted events of the ledger; else 0',
    bytes UInt64 comment 'Compressed, their share of the partition',
    first_at DateTime64(3, 'UTC') comment 'The oldest of them, by the rule''s column',
    last_at DateTime64(3, 'UTC') comment 'The newest of them, by the rule''s column',
    began_at DateTime64(3, 'UTC'),
    changed_at DateTime64(3, 'UTC') comment 'Version of the row'
)
engine = ReplacingMergeTree(changed_at)
order by (tenant_id, rule_name, partition_id, run_id)
comment 'What was deleted because its period was over (read with FINAL)';

-- Written before the first event of a day goes. From then on the day's rows in marts stay as they were built.
create table governance.retention_frozen_days
(
    tenant_id LowCardinality(String),
    local_date Date,
    run_id UUID,
    frozen_at DateTime64(3, 'UTC') default now64(3) comment 'Version of the row'
)
engine = ReplacingMergeTree(frozen_at)
order by (tenant_id, local_date)
comment 'Days of tenants that cannot be computed from events any more (read with FINAL)';
