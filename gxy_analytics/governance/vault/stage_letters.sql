create temporary table staged
(
    tenant_id String,
    rejected_id String,
    received_ms Int64,
    of_version UInt32,
    sealed String,
    seal_version UInt32,
    subjects Array(FixedString(64))
)
engine = Memory
