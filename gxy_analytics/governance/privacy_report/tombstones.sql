-- What stands for an erased customer in the orders that are kept.
select distinct tombstone
from governance.suppressions final
where tenant_id = {tenant_id:String} and toString(identity_hash) in (select id from hashes) and tombstone != ''
order by tombstone
