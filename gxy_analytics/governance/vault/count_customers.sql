select count()
from pii.customers final
where tenant_id = {tenant_id:String} and ciphertext != ''
