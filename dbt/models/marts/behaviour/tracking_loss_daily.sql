{{ config(order_by=['tenant_id', 'local_date', 'protocol']) }}

-- The last number of a session is known by having been received, so only the places before it can show a loss.
select
    tenant_id,
    local_date,
    protocol,
    client_sessions,
    numbered_events,
    places,
    missing_events,
    if(places = 0, null, divideDecimal(toDecimal64(missing_events, 6), toDecimal64(greatest(places, 1), 0), 6)) as loss_rate
from {{ ref('int_web__sequences') }}
where {{ in_window('local_date') }}
