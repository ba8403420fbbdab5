-- Rows of the batch whose content is not that of their current version. The set of keys prunes the target by its primary key.
insert into changed
select
    $columns,
    row_hash
from
(
    select
        $columns,
        cityHash64(tuple($content)) as row_hash
    from landing
) as batch
where ($keys, row_hash) not in
(
    select
        $keys,
        row_hash
    from $target final
    where ($keys) in (select $keys from landing)
)
