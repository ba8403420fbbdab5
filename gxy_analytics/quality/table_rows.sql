-- Rows of a table as its parts count them: versions and tombstones included, nothing read.
select total_rows as found
from system.tables
where database = {database:String} and name = {table:String}
