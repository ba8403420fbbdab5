-- Requests of people about their data, as a queue: where each stands, and in the end the proof. Nobody is named; who is meant is sealed.
create table governance.privacy_requests
(
    tenant_id LowCardinality(String),
    request_id UUID,
    kind LowCardinality(String) comment 'erasure',
    subject_hash FixedString(64) comment 'Identity hash of who is meant, as in governance.suppressions',
    sealed_subject String comment 'The person''s ids under the tenant''s key; empty once the request is done',
    state LowCardinality(String) comment 'received, suppressed, erasing, verifying, done, failed',
    requested_at DateTime64(3, 'UTC') comment 'What happened up to this instant is erased, nothing later',
    requested_by String comment 'Account or service that asked',
    reason String,
    allowed_proportion Float64 comment 'The part of a table that may match before the run stops',
    progress String comment 'JSON object: what the steps found and did so far',
    report String comment 'JSON object: the proof; empty until the request is done',
    error String comment 'Why it failed; empty otherwise',
    changed_at DateTime64(3, 'UTC') comment 'Version of the row'
)
engine = ReplacingMergeTree(changed_at)
order by (tenant_id, request_id)
comment 'One row a request (read with FINAL)';

create table governance.privacy_request_states
(
    tenant_id LowCardinality(String),
    request_id UUID,
    state LowCardinality(String),
    changed_at DateTime64(3, 'UTC')
)
engine = MergeTree
order by (tenant_id, request_id, changed_at)
comment 'Every change of state of a request, with its instant';

-- Rows that were accepted, counted and then erased: what the ledger says was inserted is what raw holds and this.
create table governance.erased_rows
(
    tenant_id LowCardinality(String),
    source LowCardinality(String) comment 'Table of raw',
    bucket_at DateTime('UTC') comment 'As in governance.arrivals',
    erased UInt64
)
engine = SummingMergeTree(erased)
partition by toYYYYMM(bucket_at)
order by (tenant_id, source, bucket_at)
settings non_replicated_deduplication_window = 10000
comment 'Rows erased from raw by business time, of all requests together';
