-- Quarters of an hour that rows of `changed` leave: what their current versions are about, where the new ones are about another.
insert into moved
select
    tenant_id,
    toStartOfFifteenMinutes(toDateTime($arrival, 'UTC')) as bucket_at,
    count()
from $target final
where ($keys) in (select $keys from changed)
    and ($keys, toStartOfFifteenMinutes(toDateTime($arrival, 'UTC'))) not in
    (
        select
            $keys,
            toStartOfFifteenMinutes(toDateTime($arrival, 'UTC'))
        from changed
    )
group by
    tenant_id,
    bucket_at
