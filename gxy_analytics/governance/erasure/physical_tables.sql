-- Tables with rows of their own: no views, no temporary ones.
select database, name
from system.tables
where engine like '%MergeTree' and not is_temporary
order by database, name
