-- Sessions that are the person's, or have an event of hers in them.
with
    hers as (
        select visitor_id, event_at
        from staging.stg_web__events
        where $events
    ),
    sessions as (
        select visitor_id, session_id, started_at, ended_at
        from marts.fct_sessions
        where tenant_id = {tenant_id:String} and visitor_id in (select visitor_id from hers)
    )
select count()
from marts.fct_sessions
where tenant_id = {tenant_id:String}
    and (
        ($sessions)
        or session_id in (
            select sessions.session_id
            from hers
            asof join sessions on sessions.visitor_id = hers.visitor_id and sessions.started_at <= hers.event_at
            where hers.event_at <= sessions.ended_at
        )
    )
