-- Every table that names a customer or a browser of a tenant, with the columns that do.
select
    columns.database as database,
    columns.table as table,
    groupArray(columns.name) as names
from system.columns as columns
join system.tables as tables on tables.database = columns.database and tables.name = columns.table
where columns.database in {databases:Array(String)}
    and columns.name in {names:Array(String)}
    and tables.engine like '%MergeTree'
    and (columns.database, columns.table) in (
        select database, table
        from system.columns
        where name = 'tenant_id'
    )
group by columns.database, columns.table
order by columns.database, columns.table
