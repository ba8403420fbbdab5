select name, type
from system.columns
where database = {database:String} and table = {table:String}
order by position
