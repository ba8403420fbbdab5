-- What kind of server this is. The embedded one shows its serving query, whose age is the server's.
select
    (select count() from system.user_directories where type in ('local directory', 'local_directory', 'replicated', 'memory')) > 0
        as is_writable,
    currentUser() as operator,
    (
        select max(now64(3, 'UTC') - toIntervalMillisecond(toUInt64(elapsed * 1000)))
        from system.processes
        where user = 'default' and query like '%sleepEachRow(3)%'
    ) as serving_since
