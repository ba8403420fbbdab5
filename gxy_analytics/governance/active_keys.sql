-- Keys that open the ingest service now.
select
    key_hash,
    tenant_id
from governance.write_keys final
where revoked_at is null or revoked_at > now64(3)
