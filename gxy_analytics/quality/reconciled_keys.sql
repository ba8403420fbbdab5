-- What earlier comparisons recorded: a key that is gone on both sides is recorded as 0 = 0.
select distinct toString(tenant_id) as tenant_id, local_date, toString(currency) as currency
from governance.reconciliation final
where local_date between {first:Date} and {last:Date}
