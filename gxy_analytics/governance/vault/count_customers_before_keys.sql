select count()
from pii.customers
where wrapped_key != ''
