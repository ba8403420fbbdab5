-- Nodes whose loader worked lately: those that may hold records of the tenant in their spool.
select distinct extract(batch_id, '^(.+)-[0-9]+:') as node
from governance.ingest_ledger
where loaded_at > now() - toIntervalDay({days:UInt32}) and node != ''
order by node
