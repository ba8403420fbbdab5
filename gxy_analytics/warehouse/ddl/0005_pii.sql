-- The vault. Values are AES-256-GCM under a data key of their own; the data key is wrapped under the tenant's key, which is derived
-- from the master key file and never stored. Deleting `wrapped_key` shreds the row.
create table pii.customers
(
    tenant_id LowCardinality(String),
    customer_pid String,
    wrapped_key String comment 'Data key under the tenant''s key: nonce and ciphertext, base64',
    ciphertext String comment 'JSON object {email, phone, first_name, last_name, birth_date}: nonce and ciphertext, base64',
    content_hash String comment 'HMAC-SHA256(tenant key, JSON), lower-case hex: tells a change without decrypting',
    is_deleted Bool,
    changed_at DateTime64(3, 'UTC') comment 'Version of the row'
)
engine = ReplacingMergeTree(changed_at)
order by (tenant_id, customer_pid)
comment 'Personal data of customers, encrypted (read with FINAL)';

create table pii.orders
(
    tenant_id LowCardinality(String),
    order_id UInt64,
    customer_pid String comment 'Whose address it is; empty for a guest',
    wrapped_key String comment 'As in pii.customers',
    ciphertext String comment 'JSON object {ip_address}: nonce and ciphertext, base64',
    content_hash String comment 'As in pii.customers',
    is_deleted Bool,
    changed_at DateTime64(3, 'UTC') comment 'Version of the row'
)
engine = ReplacingMergeTree(changed_at)
order by (tenant_id, order_id)
comment 'Personal data of orders, encrypted (read with FINAL)';
