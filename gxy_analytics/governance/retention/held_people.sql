-- Every identity of customers under a hold: their pids, and the browsers in which they were ever seen signed in.
with held as (
    select tenant_id, subject_hash
    from governance.retention_holds final
    where lifted_at is null and subject_hash != ''
)
select distinct tenant, arrayJoin([customer_pid, anonymous_id, previous_id]) as identity
from (
    select toString(tenant_id) as tenant, customer_pid, anonymous_id, previous_id
    from raw.events
    where tenant_id in (select tenant_id from held) and customer_pid != ''
    union all
    select toString(tenant_id), customer_pid, '', ''
    from raw.oltp_customers
    where tenant_id in (select tenant_id from held)
)
where identity != '' and (tenant, lower(hex(SHA256(concat(tenant, '\0customer\0', customer_pid))))) in (select toString(tenant_id), subject_hash from held)
order by tenant, identity
