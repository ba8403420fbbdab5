-- governance.tenants as the backend says, its status the stricter of the backend's and the platform's own (tenant_states).
-- A tenant that was never extracted returns to the status it had when the platform first stopped it.
insert into governance.tenants (tenant_id, oltp_id, name, plan, country, currency, timezone, status, changed_at)
with
    (
        select groupArray(tenant_id) from governance.tenant_removals final where state = 'removed'
    ) as removed,
    described as
    (
        select tenant_id, oltp_id, name, plan, country, currency, timezone, if(is_deleted, 'deleted', status) as backend_status
        from raw.oltp_tenants final
        union all
        select known.tenant_id, oltp_id, name, plan, country, currency, timezone,
            if(before.backend_status = '', known.status, before.backend_status) as backend_status
        from governance.tenants as known final
        left join governance.tenant_states as before final on before.tenant_id = known.tenant_id
        where known.tenant_id not in (select tenant_id from raw.oltp_tenants)
    )
select
    described.tenant_id as tenant_id,
    oltp_id,
    name,
    plan,
    country,
    currency,
    timezone,
    multiIf(
        states.is_leaving, 'removing',
        described.backend_status = 'active' and states.is_suspended, 'suspended',
        described.backend_status
    ) as published_status,
    -- Two changes within a millisecond: the later one counts.
    greatest(now64(3, 'UTC'), newest.changed_at + toIntervalMillisecond(1))
from described
left join governance.tenant_states as states final on states.tenant_id = described.tenant_id
left join (select tenant_id, changed_at from governance.tenants final) as newest on newest.tenant_id = described.tenant_id
where not has(removed, described.tenant_id)
    and (tenant_id, oltp_id, name, plan, country, currency, timezone, published_status) not in
    (
        select
            tenant_id,
            oltp_id,
            name,
            plan,
            country,
            currency,
            timezone,
            status
        from governance.tenants final
    )
