-- Whether what these hashes stand for was erased once.
select count()
from governance.suppressions final
where tenant_id = {tenant_id:String} and identity_hash in {hashes:Array(String)}
