-- Nodes whose spool holds nothing any more from before the removal's mark.
select node_id
from governance.suppression_acks final
where request_id = {request_id:UUID} and spool_clean_at is not null
