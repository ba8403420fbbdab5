-- Keys apart from the data: what is sealed of a customer, her orders included, opens with her own key alone. Destroying its row
-- makes all of it unreadable.
create table pii.keys
(
    tenant_id LowCardinality(String),
    subject String comment 'customer_pid, or order:<id> for an order of a guest',
    key_id String comment 'Random, 16 hex: the rows that need this key name it. Nearly always one a subject; two writers at once make two',
    wrapped_key String comment 'The key under the tenant''s wrap key: nonce and AES-256-GCM, base64',
    key_version UInt32 comment 'Of the wrap key in the key file',
    changed_at DateTime64(3, 'UTC') default now64(3, 'UTC') comment 'Version of the row'
)
engine = ReplacingMergeTree(changed_at)
order by (tenant_id, subject, key_id)
comment 'Keys of customers, wrapped: one row a key. Deleting a row destroys the key';

alter table pii.customers
    add column key_id String comment 'The key in pii.keys that opens the row. Empty: wrapped_key has a key of the row''s own, as before there were keys a customer';

alter table pii.orders
    add column key_id String comment 'As in pii.customers; the key is the customer''s, a guest''s order has its own';

-- A dead letter may hold anything that somebody sent.
alter table raw.events_rejected
    add column seal_version UInt32 comment 'Version of the wrap key that raw is sealed under: AES-SIV over headers, detail and what was received. 0: in the clear',
    add column raw_bytes UInt64 default length(raw) comment 'Size of what was received',
    add column subjects Array(FixedString(64)) comment 'Who may be meant: identity hashes (see governance.suppressions) of ids, and keyed hashes of e-mail addresses, that could be read';
