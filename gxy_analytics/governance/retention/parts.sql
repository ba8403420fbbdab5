select name, rows, bytes_on_disk
from system.parts
where active and database = {database:String} and table = {table:String}
