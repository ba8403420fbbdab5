select count()
from system.mutations
where not is_done and database = {database:String} and table = {table:String}
