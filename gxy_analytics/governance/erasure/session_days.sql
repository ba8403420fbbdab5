-- (visitor, day) with staged events whose sessions may be others without the person's: her days on a browser, and those next to them.
-- A day without staged events is not computed again.
(
    select events.visitor_id, events.local_date
    from staging.stg_web__events as events
    left semi join (
        select visitor_id, arrayJoin([local_date - 1, local_date, local_date + 1]) as local_date
        from staging.stg_web__events
        where $events
    ) as hers on hers.visitor_id = events.visitor_id and hers.local_date = events.local_date
    where events.tenant_id = {tenant_id:String}
)
