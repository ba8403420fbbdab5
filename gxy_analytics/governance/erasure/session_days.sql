-- (visitor, day) with staged events whose sessions may be others without the person's: her days on a browser, and those next to them.
-- A day without staged events is not computed again.
(
    select visitor_id, local_date
    from staging.stg_web__events
    where tenant_id = {tenant_id:String}
        and (visitor_id, local_date) in (
            select visitor_id, arrayJoin([local_date - 1, local_date, local_date + 1])
            from staging.stg_web__events
            where $events
        )
)
