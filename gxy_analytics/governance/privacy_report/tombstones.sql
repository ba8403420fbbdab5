-- What stands for an erased customer in the orders that are kept.
select distinct tombstone
from governance.suppressions final
where tenant_id = {tenant_id:String} and identity_hash in {hashes:Array(String)} and tombstone != ''
order by tombstone
