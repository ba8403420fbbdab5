-- Nodes whose spool holds nothing any more from before the removal's mark, and since when.
select node_id, spool_clean_at
from governance.suppression_acks final
where request_id = {request_id:UUID} and spool_clean_at is not null
order by node_id
