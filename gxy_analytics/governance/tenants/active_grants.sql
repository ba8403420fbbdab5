-- Keys that the ingest service knows now, each with its tenant's policy where it has one. A tenant that is not active keeps its
-- keys, and is refused by name: the status is the stricter of the backend's and the platform's (publish_tenants.sql).
select
    keys.key_hash as key_hash,
    keys.tenant_id as tenant_id,
    keys.kind = 'secret' as is_secret,
    toUnixTimestamp64Milli(ifNull(keys.revoked_at, toDateTime64(0, 3, 'UTC'))) as ends_ms,
    tenants.status not in ('', 'active') as is_suspended,
    policies.tenant_id != '' as has_policy,
    policies.origins as origins,
    policies.events_per_second as events_per_second,
    policies.events_burst as events_burst,
    policies.bytes_per_second as bytes_per_second,
    policies.bytes_burst as bytes_burst,
    policies.ip as ip,
    policies.is_cookieless as is_cookieless,
    policies.honours_gpc as honours_gpc,
    policies.honours_dnt as honours_dnt,
    policies.url_parameters as url_parameters,
    policies.consent_required as consent_required
from governance.write_keys as keys final
left join governance.ingest_policies as policies final on policies.tenant_id = keys.tenant_id
left join governance.tenants as tenants final on tenants.tenant_id = keys.tenant_id
where keys.revoked_at is null or keys.revoked_at > now64(3)
