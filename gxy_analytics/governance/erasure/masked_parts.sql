-- Active parts whose deleted rows are only masked.
select count()
from system.parts
where active and has_lightweight_delete and database = {database:String} and table = {table:String}
