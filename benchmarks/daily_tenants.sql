-- The tenants' zones: eight of them, in turn.
insert into governance.tenant_timezones (tenant_id, timezone, valid_from)
select
    concat('shop-', leftPad(toString(number), 4, '0')),
    [
        'UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'America/Los_Angeles', 'Australia/Sydney', 'Asia/Kolkata',
        'Pacific/Auckland'
    ][number % 8 + 1],
    toDateTime64(0, 3, 'UTC')
from numbers({tenants:UInt32})
