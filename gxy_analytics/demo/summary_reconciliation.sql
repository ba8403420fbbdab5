-- What the reconciliation check recorded for the window: numbers compared, and those that differ from the backend.
select
    count() as compared,
    uniqExact(tenant_id, local_date) as tenant_days,
    countIf(source_value != mart_value) as different
from governance.reconciliation final
where tenant_id in {tenants:Array(String)} and local_date between {first:Date} and {last:Date}
