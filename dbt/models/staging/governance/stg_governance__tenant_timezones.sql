-- A zone begins with a quarter of an hour, for arrivals are counted by those: else a row would be counted on another day than it stands on.
with told as (
    select
        tenant_id,
        timezone,
        valid_from as told_at,
        toDateTime64(toStartOfInterval(toDateTime(valid_from, 'UTC') + 899, interval 15 minute), 3, 'UTC') as begins_at
    from {{ source('governance', 'tenant_timezones') }}
)

select
    tenant_id,
    begins_at as valid_from,
    argMax(told.timezone, told_at) as timezone
from told
group by
    tenant_id,
    begins_at
