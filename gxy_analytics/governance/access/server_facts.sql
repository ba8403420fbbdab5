-- What kind of server this is. The embedded one shows its serving query, whose age is the server's; it has no user's name.
-- An age is never computed from no row: `max(now() - elapsed)` over none is now.
select
    (select count() from system.user_directories where type in ('local directory', 'local_directory', 'replicated', 'memory')) > 0
        as is_writable,
    currentUser() as operator,
    (
        select if(
            count() = 0,
            toDateTime64(0, 3, 'UTC'),
            now64(3, 'UTC') - toIntervalMillisecond(toUInt64(max(elapsed) * 1000))
        )
        from system.processes
        where user in ('', 'default') and query like 'SELECT sleepEachRow(3) FROM system.numbers SETTINGS%'
    ) as serving_since
