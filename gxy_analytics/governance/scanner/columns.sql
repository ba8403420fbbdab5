-- Text columns of the tables that hold rows themselves, and where the newest rows of each are. JSON and addresses count as text.
select
    columns.database as database,
    columns.table as table,
    groupArray(columns.name) as names,
    any(tables.total_rows) as total_rows,
    any(parts.newest) as newest
from system.columns as columns
join system.tables as tables on tables.database = columns.database and tables.name = columns.table
left join (
    select database, table, argMax(partition_id, (modification_time, partition_id)) as newest
    from system.parts
    where active and rows > 0
    group by database, table
) as parts on parts.database = columns.database and parts.table = columns.table
where columns.database not in {skipped:Array(String)}
    and tables.engine like '%MergeTree'
    and match(columns.type, '\\b(String|FixedString|JSON|Object|Dynamic|Variant|IPv4|IPv6)\\b')
    and columns.default_kind not in ('ALIAS', 'EPHEMERAL')
group by columns.database, columns.table
order by columns.database, columns.table
