-- Staged events by tenant for the days of the window, without days that lost events because their period was over.
select toString(tenant_id) as tenant, count() as found
from staging.stg_web__events
where local_date between {first:Date} and {last:Date}
    and (tenant_id, local_date) not in (select tenant_id, local_date from governance.retention_frozen_days)
group by tenant
