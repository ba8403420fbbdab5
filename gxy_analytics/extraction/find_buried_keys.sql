-- Subjects that are gone with the keys in `buried`: customers, and orders of guests.
select distinct
    tenant_id,
    subject
from pii.keys
where (tenant_id, subject) in (select tenant_id, $subject from buried) and not $held
order by tenant_id
