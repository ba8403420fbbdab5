-- Rows of a table as its parts count them: versions and tombstones included, nothing read.
select toUInt64(ifNull(total_rows, 0)) as found
from system.tables
where database = {database:String} and name = {table:String}
