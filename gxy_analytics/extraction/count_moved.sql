insert into governance.arrivals (tenant_id, source, bucket_at, arrived)
select
    tenant_id,
    '$source',
    bucket_at,
    arrived
from moved
