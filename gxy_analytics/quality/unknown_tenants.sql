-- Rows by tenant that is empty or that neither the registry nor the backend knows.
select tenant_id, count() as found
from {database:Identifier}.{table:Identifier}
where tenant_id = '' or tenant_id not in (
    select tenant_id from governance.tenants
    union distinct
    select tenant_id from raw.oltp_tenants
)
group by tenant_id
order by found desc
