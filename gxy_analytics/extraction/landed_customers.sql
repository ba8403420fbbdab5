-- Which of these customers have a row at all: a stub is written over one, and never makes one.
select
    toString(tenant_id) as tenant_id,
    customer_pid
from raw.oltp_customers final
where tenant_id in {tenants:Array(String)}
    and customer_pid in (select id from pids)
