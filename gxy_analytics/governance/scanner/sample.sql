-- The texts of a sample of the table: its newest partition, and blocks of 256 rows from anywhere, each up to `rows`.
-- Ten blocks are expected, so that less than one scan in 10,000 looks at none; of 1,024 rows it was one in eleven.
-- A table that is no larger than a sample is read whole, once.
select
    $columns as names,
    $texts as texts,
    concat(_part, ':', toString(_part_offset)) as row_position
from $table
where {one_in:UInt64} > 1 and _partition_id = {newest:String}
limit {rows:UInt32}
union all
select
    $columns as names,
    $texts as texts,
    concat(_part, ':', toString(_part_offset)) as row_position
from $table
where cityHash64(_part, intDiv(_part_offset, 256), {seed:UInt64}) % {one_in:UInt64} = 0
limit {rows:UInt32}
