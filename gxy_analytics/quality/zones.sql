-- Zones by the quarter of an hour in which they begin, as arrivals are counted. Of two that begin in one the later told counts.
select
    toString(tenant_id) as tenant_id,
    toString(argMax(known.timezone, known.valid_from)) as timezone,
    toDateTime64(toStartOfInterval(toDateTime(known.valid_from, 'UTC') + 899, interval 15 minute), 3, 'UTC') as valid_from
from governance.tenant_timezones as known final
group by tenant_id, valid_from
order by valid_from
