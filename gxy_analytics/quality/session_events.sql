-- Per tenant: events that are staged, and events that the sessions count. Whole tables, for a session belongs to the day it began on.
-- Left out: days that lost events because their period was over, and visitors whose session lasted from such a day into another.
with
    frozen as (
        select tenant_id, local_date
        from governance.retention_frozen_days final
    ),
    crossing as (
        select tenant_id, visitor_id
        from marts.fct_sessions
        where (tenant_id, local_date) in frozen and (tenant_id, local_date + 1) not in frozen and ended_at > started_at
    )
select tenant, sum(staged) as staged, sum(in_sessions) as in_sessions
from (
    select toString(tenant_id) as tenant, count() as staged, toUInt64(0) as in_sessions
    from staging.stg_web__events
    where (tenant_id, local_date) not in frozen and (tenant_id, visitor_id) not in crossing
    group by tenant
    union all
    select toString(tenant_id) as tenant, toUInt64(0) as staged, toUInt64(sum(events)) as in_sessions
    from marts.fct_sessions
    where (tenant_id, local_date) not in frozen and (tenant_id, visitor_id) not in crossing
    group by tenant
)
group by tenant
having staged != in_sessions
order by tenant
