-- Every finished query of dbt since an instant: start and end in seconds, peak memory in bytes, processor time in seconds.
select
    toFloat64(query_start_time_microseconds) as started,
    started + query_duration_ms / 1000 as ended,
    memory_usage,
    ProfileEvents['OSCPUVirtualTimeMicroseconds'] / 1e6 as cpu_seconds
from system.query_log
where
    type = 'QueryFinish'
    and query_start_time_microseconds >= fromUnixTimestamp64Micro({since:Int64})
    and startsWith(query, '/* {"app": "dbt"')
order by started
