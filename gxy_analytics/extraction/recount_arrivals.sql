-- Counts again what an extraction wrote that did not finish. A day that is counted twice is built once more, and no worse for it.
insert into governance.arrivals (tenant_id, source, bucket_at, arrived)
select
    tenant_id,
    '$source',
    toStartOfFifteenMinutes(toDateTime($arrival, 'UTC')) as bucket_at,
    count()
from $target
where extracted_at > {finished_at:DateTime64(3, 'UTC')}
group by
    tenant_id,
    bucket_at
