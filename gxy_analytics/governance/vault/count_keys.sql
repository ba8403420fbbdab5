select count()
from pii.keys
where tenant_id = {tenant_id:String} and subject in {subjects:Array(String)}
