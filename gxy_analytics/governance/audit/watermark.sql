select
    (select max(harvested_until) from governance.audit_harvests) as harvested_until,
    (
        select toStartOfHour(min(event_time), 'UTC')
        from system.query_log
    ) as oldest
