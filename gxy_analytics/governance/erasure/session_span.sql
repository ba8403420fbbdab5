-- The span of these days, and how many events of others (or of a later hour) are in it.
select min(local_date) as first, max(local_date) as last, countIf(not ($events)) as others
from staging.stg_web__events
where tenant_id = {tenant_id:String} and (visitor_id, local_date) in $days
