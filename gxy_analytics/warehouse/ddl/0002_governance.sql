-- Tenants as the pipeline knows them. `oltp_id` is the backend's numeric key, 0 until the tenant was extracted or created there.
create table governance.tenants
(
    tenant_id LowCardinality(String) comment 'Slug of the tenant',
    oltp_id UInt64 comment 'tenants.id of the backend',
    name String,
    plan LowCardinality(String),
    country LowCardinality(String) comment 'ISO 3166-1 alpha-2',
    currency LowCardinality(String) comment 'ISO 4217',
    timezone LowCardinality(String) comment 'IANA name',
    status LowCardinality(String),
    changed_at DateTime64(3, 'UTC') comment 'Version of the row'
)
engine = ReplacingMergeTree(changed_at)
order by tenant_id
comment 'One row a tenant (read with FINAL)';

-- A tenant's zone is effective-dated: a row once stamped keeps its local_date when the tenant moves.
create table governance.tenant_timezones
(
    tenant_id LowCardinality(String),
    timezone LowCardinality(String) comment 'IANA name',
    valid_from DateTime64(3, 'UTC') comment 'The first zone of a tenant is valid from 1970-01-01'
)
engine = ReplacingMergeTree
order by (tenant_id, valid_from)
comment 'Zones of a tenant by the instant they became valid (read with FINAL)';

create table governance.write_keys
(
    tenant_id LowCardinality(String),
    key_hash FixedString(64) comment 'SHA-256 of the key, lower-case hex; the key itself is shown once and stored nowhere',
    key_prefix String comment 'First 8 characters, to recognise a key by',
    created_at DateTime64(3, 'UTC'),
    revoked_at Nullable(DateTime64(3, 'UTC')),
    changed_at DateTime64(3, 'UTC') comment 'Version of the row'
)
engine = ReplacingMergeTree(changed_at)
order by (tenant_id, key_hash)
comment 'Write keys of the ingest service (read with FINAL)';

create table governance.ingest_ledger
(
    tenant_id LowCardinality(String),
    batch_id String comment '<node>-<worker>:<segment>:<first>-<last>, the loader''s batch',
    accepted UInt64 comment 'Events made durable in the spool, as counted in its records',
    inserted UInt64 comment 'Rows new in raw.events',
    deduplicated UInt64 comment 'Events whose id was already loaded with the same content',
    rejected UInt64 comment 'Rows new in raw.events_rejected',
    dropped UInt64 comment 'Events counted and not stored (consent, policy)',
    loaded_at DateTime64(3, 'UTC')
)
engine = MergeTree
partition by toYYYYMM(loaded_at)
order by (tenant_id, batch_id)
settings non_replicated_deduplication_window = 10000
comment 'accepted = inserted + deduplicated + rejected + dropped, for every tenant and batch';

create table governance.watermarks
(
    source_table LowCardinality(String) comment 'Table of the backend',
    watermark DateTime64(6, 'UTC') comment 'Highest change time that was extracted whole',
    rows_read UInt64,
    rows_changed UInt64,
    extracted_at DateTime64(3, 'UTC') comment 'Version of the row'
)
engine = MergeTree
order by (source_table, extracted_at)
comment 'Every finished extraction; the latest row of a table is its watermark';

create table governance.extraction_rejects
(
    tenant_id LowCardinality(String) comment 'Empty where the row names no known tenant',
    source_table LowCardinality(String),
    row_key String comment 'Primary key of the row in the source',
    column_name LowCardinality(String),
    reason String comment 'What does not fit, without the value',
    extracted_at DateTime64(3, 'UTC')
)
engine = ReplacingMergeTree(extracted_at)
order by (tenant_id, source_table, row_key, column_name)
comment 'OLTP rows that do not fit their contract (read with FINAL)';

-- What arrived for which instant, counted as it is inserted. A day whose count differs from the count at its last build is stale.
create table governance.arrivals
(
    tenant_id LowCardinality(String),
    source LowCardinality(String) comment 'Table of raw',
    bucket_at DateTime('UTC') comment 'Start of the quarter of an hour: every zone''s midnight is one',
    arrived UInt64
)
engine = SummingMergeTree(arrived)
partition by toYYYYMM(bucket_at)
order by (tenant_id, source, bucket_at)
settings non_replicated_deduplication_window = 10000
comment 'Rows inserted into raw by business time';

create table governance.day_builds
(
    local_date Date,
    arrived UInt64 comment 'Arrivals of the day as counted before it was built',
    run_id String,
    built_at DateTime64(3, 'UTC') comment 'Version of the row'
)
engine = ReplacingMergeTree(built_at)
order by local_date
comment 'Last build of each day (read with FINAL)';

create table governance.reconciliation
(
    tenant_id LowCardinality(String),
    local_date Date,
    metric LowCardinality(String) comment 'orders, units, gross_sales, discounts, returns, net_sales',
    currency LowCardinality(String),
    source_value Decimal(38, 4) comment 'Computed from the OLTP source',
    mart_value Decimal(38, 4) comment 'marts.sales_daily',
    checked_at DateTime64(3, 'UTC') comment 'Version of the row'
)
engine = ReplacingMergeTree(checked_at)
partition by toYYYYMM(local_date)
order by (tenant_id, local_date, metric, currency)
comment 'Last comparison of each tenant and day with the source (read with FINAL)';
