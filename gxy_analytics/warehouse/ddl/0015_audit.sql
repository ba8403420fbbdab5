-- Acts that must be answered for. Anybody who acts may insert, nobody needs to read or change: one job seals what lies here.
-- What is MATERIALIZED is written by the server: an INSERT that names it is refused.
create table governance.audit_entries
(
    entry_id UUID comment 'One act; the same act recorded twice by one user counts once',
    occurred_at DateTime64(6, 'UTC'),
    recorded_at DateTime64(6, 'UTC') materialized now64(6, 'UTC') comment 'By the server''s clock',
    db_user String materialized currentUser() comment 'Who inserted the row, as the server knows it',
    actor String comment 'Who acted: an account of the operating system, or a user of the warehouse',
    program String comment 'What it was done with: a program, or the purpose in log_comment',
    origin String comment 'Where from: a host, or a truncated network address; empty when not known',
    action String comment 'What was done, dotted: vault.read, export.made, erasure.done',
    tenant_id String comment 'Empty when it is about no tenant',
    subject String comment 'Whom it is about: 16 hex of the identity''s hash; empty when it is about no person',
    reason String,
    rows UInt64 comment 'Rows or people it was about, as the action counts them',
    details String comment 'JSON object, keys in order'
)
engine = MergeTree
partition by toYYYYMMDD(recorded_at)
order by (recorded_at, entry_id)
settings non_replicated_deduplication_window = 10000
comment 'Intake of governance.audit: insert only; whole days are dropped when all of them are sealed';

-- The chain. `hash` covers every column before it, `previous_hash` among them; `mac` is over `hash`, with a key that is in no database.
create table governance.audit
(
    sequence UInt64 comment '1, 2, 3 without a gap',
    entry_id UUID,
    occurred_at DateTime64(6, 'UTC'),
    recorded_at DateTime64(6, 'UTC'),
    db_user String,
    actor String,
    program String,
    origin String,
    action String,
    tenant_id String,
    subject String,
    reason String,
    rows UInt64,
    details String,
    sealed_at DateTime64(6, 'UTC'),
    previous_hash String comment '`hash` of the row before; 64 zeros in the first',
    hash String comment 'SHA-256 of the row in its canonical encoding, lower-case hex',
    key_id String comment 'Which key `mac` is made with, 16 hex',
    mac String comment 'HMAC-SHA256(key, hash), lower-case hex'
)
engine = MergeTree
order by sequence
settings non_replicated_deduplication_window = 10000
comment 'Who did what, in order: a row altered, missing, moved or added breaks the chain. Columns as in governance.audit_entries';

create table governance.audit_harvests
(
    harvested_from DateTime('UTC'),
    harvested_until DateTime('UTC') comment 'system.query_log was read up to here; the highest is the watermark',
    harvested_at DateTime64(3, 'UTC') default now64(3, 'UTC')
)
engine = MergeTree
order by harvested_until
comment 'Hours of system.query_log that are in the audit, one row a harvest';
