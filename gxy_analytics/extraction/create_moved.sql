create temporary table moved
(
    tenant_id String,
    bucket_at DateTime('UTC'),
    arrived UInt64
)
engine = Memory
