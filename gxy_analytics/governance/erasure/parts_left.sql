-- What keeps bytes of before `purged_at` on the disk, by table; tables without any are not in the result.
select
    name,
    sum(old_parts) as old_parts,
    sum(masked_parts) as masked_parts,
    sum(mutations) as mutations,
    sum(detached) as detached
from (
    select
        concat(database, '.', table) as name,
        toUInt64(not active and remove_time <= toDateTime({purged_at:String}, 'UTC')) as old_parts,
        toUInt64(active and has_lightweight_delete) as masked_parts,
        toUInt64(0) as mutations,
        toUInt64(0) as detached
    from system.parts
    union all
    select concat(database, '.', table), 0, 0, toUInt64(not is_done), 0
    from system.mutations
    union all
    select concat(database, '.', table), 0, 0, 0, 1
    from system.detached_parts
)
where name in {tables:Array(String)}
group by name
having old_parts + masked_parts + mutations + detached > 0
order by name
