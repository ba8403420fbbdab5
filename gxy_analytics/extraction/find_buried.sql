-- The last version of keys that are gone from the source, deleted.
insert into changed ($columns, row_hash)
select
    * replace (true as is_deleted)
from
(
    select
        $columns,
        cityHash64(tuple($tombstone)) as row_hash
    from $target final
    where ($keys) in (select $keys from buried) and not is_deleted
)
