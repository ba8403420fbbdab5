-- The browsers in which customers under a hold were ever seen signed in; a visitor without a browser's id goes by the customer's.
with held as (
    select tenant_id, subject_hash
    from governance.retention_holds final
    where lifted_at is null and subject_hash != ''
)
select distinct toString(events.tenant_id) as tenant, arrayJoin([anonymous_id, previous_id, customer_pid]) as browser
from raw.events as events
where events.tenant_id in (select tenant_id from held)
    and customer_pid != ''
    and (events.tenant_id, lower(hex(SHA256(concat(toString(events.tenant_id), '\0customer\0', customer_pid))))) in (select * from held)
    and browser != ''
order by tenant, browser
