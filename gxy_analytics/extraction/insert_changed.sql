insert into $target ($columns, row_hash, extracted_at)
select
    $columns,
    row_hash,
    greatest(now64(3, 'UTC'), toDateTime64({floor:String}, 3, 'UTC'))
from changed
