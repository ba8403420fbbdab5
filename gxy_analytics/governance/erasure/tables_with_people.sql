-- Tables with rows of their own, whatever their engine, that have a column which names people.
select distinct columns.database as database, columns.table as name
from system.columns as columns
inner join system.tables as tables on tables.database = columns.database and tables.name = columns.table
where columns.database in {databases:Array(String)}
    and columns.name in {columns:Array(String)}
    and tables.engine not in ('View', 'MaterializedView', 'Distributed', 'Merge', 'Null')
    and not tables.is_temporary
order by database, name
