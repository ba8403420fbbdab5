select count()
from pii.orders
where wrapped_key != ''
