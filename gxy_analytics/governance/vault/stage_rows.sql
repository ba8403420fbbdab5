create temporary table staged
(
    tenant_id String,
    row_key $type,
    row_key_wrapped String,
    ciphertext String,
    key_id String
)
engine = Memory
