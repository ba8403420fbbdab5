-- As unknown_tenants.sql, reading only the days of the window.
select tenant_id, count() as found
from {database:Identifier}.{table:Identifier}
where toDate({day_column:Identifier}) between {first:Date} and {last:Date}
    and (
        tenant_id = '' or tenant_id not in (
            select tenant_id from governance.tenants
            union distinct
            select tenant_id from raw.oltp_tenants
        )
    )
group by tenant_id
order by found desc
