-- Per tenant: events that are staged, and events that the sessions count. Whole tables, for a session belongs to the day it began on.
select tenant, sum(staged) as staged, sum(in_sessions) as in_sessions
from (
    select toString(tenant_id) as tenant, count() as staged, toUInt64(0) as in_sessions
    from staging.stg_web__events
    group by tenant
    union all
    select toString(tenant_id) as tenant, toUInt64(0) as staged, toUInt64(sum(events)) as in_sessions
    from marts.fct_sessions
    group by tenant
)
group by tenant
having staged != in_sessions
order by tenant
