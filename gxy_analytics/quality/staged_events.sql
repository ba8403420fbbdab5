select toString(tenant_id) as tenant, count() as found
from staging.stg_web__events
where local_date between {first:Date} and {last:Date}
group by tenant
