-- Sessions of the person, and sessions of a browser that was also hers, with the events that are left in them without her.
-- One that counts exactly what is left, and does not name her, is as it should be.
with
    hers as (
        select visitor_id
        from staging.stg_web__events
        where $events
    ),
    touched as (
        select session_id, visitor_id, started_at, ended_at, events, ($sessions) as is_hers
        from marts.fct_sessions
        where tenant_id = {tenant_id:String}
            and (($sessions) or visitor_id in (select visitor_id from hers))
    ),
    others as (
        select visitor_id, event_at
        from staging.stg_web__events
        where tenant_id = {tenant_id:String}
            and visitor_id in (select visitor_id from touched)
            and not ($events)
    )
select
    touched.session_id as session_id,
    touched.events as counted,
    countIf(others.event_at between touched.started_at and touched.ended_at) as left_over
from touched
left join others on others.visitor_id = touched.visitor_id
group by touched.session_id, touched.events
having max(touched.is_hers) or left_over != counted
order by session_id
