-- Whether what these hashes stand for was erased once.
select count()
from governance.suppressions final
where tenant_id = {tenant_id:String} and toString(identity_hash) in (select id from hashes)
