-- What the platform says of a tenant, beside what the backend says: governance.tenants.status is the stricter of the two.
create table governance.tenant_states
(
    tenant_id LowCardinality(String),
    is_suspended Bool comment 'By the platform''s staff: nothing is taken from it and nobody logs in',
    is_leaving Bool comment 'Its removal was asked for, is under way or done: as suspended, and not to be resumed',
    backend_status LowCardinality(String) comment 'What the tenant returns to where the backend was never extracted',
    reason String,
    changed_by String,
    changed_at DateTime64(3, 'UTC') default now64(3) comment 'Version of the row'
)
engine = ReplacingMergeTree(changed_at)
order by tenant_id
comment 'One row a tenant that was ever suspended or asked to leave (read with FINAL)';

-- Stays when everything else of the tenant is gone: who asked, when, what was erased.
create table governance.tenant_removals
(
    removal_id UUID,
    tenant_id LowCardinality(String),
    oltp_id UInt64 comment 'tenants.id of the backend, which may list the tenant still',
    state LowCardinality(String) comment 'asked, removing, verifying, removed, cancelled, readmitted',
    reason String,
    asked_by String,
    asked_at DateTime64(3, 'UTC'),
    due_at DateTime64(3, 'UTC') comment 'Not before this instant',
    report String comment 'JSON: rows erased by table, what is left, what else was closed; empty until there is one',
    error String comment 'Why the last attempt did not end; empty when it did',
    changed_at DateTime64(3, 'UTC') default now64(3) comment 'Version of the row'
)
engine = ReplacingMergeTree(changed_at)
order by (tenant_id, removal_id)
comment 'Removals of tenants (read with FINAL)';
