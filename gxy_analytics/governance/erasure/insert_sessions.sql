-- What is left of these days' sessions, as the model counts it.
insert into marts.fct_sessions ($columns)
with
    events_left as (
        select *
        from staging.stg_web__events
        where tenant_id = {tenant_id:String}
            and visitor_id in (select visitor_id from $days)
            and not ($events)
    )
select $columns
from ($sessions)
where (visitor_id, local_date) in $days
settings max_partitions_per_insert_block = 0, insert_deduplicate = 0
