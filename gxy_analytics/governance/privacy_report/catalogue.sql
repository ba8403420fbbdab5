-- Columns of the tables of these databases that hold rows themselves, in their order.
select
    columns.database as database,
    columns.table as table,
    tables.engine as engine,
    groupArray(columns.name) as names,
    groupArray(columns.type) as types,
    groupArray(columns.comment) as comments
from (
    select *
    from system.columns
    where database in {databases:Array(String)} and default_kind not in ('ALIAS', 'EPHEMERAL')
    order by database, table, position
) as columns
join system.tables as tables on tables.database = columns.database and tables.name = columns.table
where tables.engine like '%MergeTree'
group by database, table, engine
order by database, table
