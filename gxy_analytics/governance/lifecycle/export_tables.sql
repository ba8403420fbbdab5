-- What a tenant takes along: its marts, its events, the backend's rows as mirrored. Not the dead letters, and no half-built copy.
select
    tables.database as database,
    tables.name as name,
    groupArray(tuple(columns.name, columns.type, columns.comment)) as columns
from system.tables as tables
inner join
(
    select database, table, name, type, comment
    from system.columns
    where default_kind not in ('MATERIALIZED', 'ALIAS', 'EPHEMERAL')
    order by database, table, position
) as columns on columns.database = tables.database and columns.table = tables.name
where tables.engine like '%MergeTree'
    and (tables.database = 'marts' or (tables.database = 'raw' and (tables.name = 'events' or tables.name like 'oltp_%')))
    and tables.name not like '%\\_\\_%'
group by database, name
having has(groupArray(columns.name), 'tenant_id')
order by database, name
