create temporary table staged
(
    tenant_id String,
    subject String,
    key_id String,
    wrapped_key String,
    key_version UInt32
)
engine = Memory
