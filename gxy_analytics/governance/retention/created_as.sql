select formatQuery(create_table_query)
from system.tables
where database = {database:String} and name = {table:String} and engine not like '%View'
