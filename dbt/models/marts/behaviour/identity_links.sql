{{ config(materialized='whole_swap', order_by=['tenant_id', 'visitor_id', 'valid_from']) }}

{#- A browser that nobody signed in with for so long belongs to nobody. -#}
{%- set kept_days = 90 -%}

with sightings as (
    select
        tenant_id,
        visitor_id,
        customer_pid,
        first_at,
        last_at,
        lagInFrame(customer_pid, 1, '') over visit_order as previous_customer
    from {{ ref('int_web__sightings') }}
    window visit_order as (
        partition by tenant_id, visitor_id
        order by first_at, last_at, customer_pid
        rows between unbounded preceding and unbounded following
    )
),

-- One stay: sightings of one customer with nobody else between.
numbered as (
    select
        *,
        sum(customer_pid != previous_customer) over (
            partition by tenant_id, visitor_id
            order by first_at, last_at, customer_pid
            rows between unbounded preceding and current row
        ) as stay
    from sightings
),

stays as (
    select
        tenant_id,
        visitor_id,
        stay,
        any(numbered.customer_pid) as customer_pid,
        min(numbered.first_at) as first_seen_at,
        max(numbered.last_at) as last_seen_at
    from numbered
    group by
        tenant_id,
        visitor_id,
        stay
),

followed as (
    select
        *,
        lagInFrame(last_seen_at, 1, toDateTime64(0, 3, 'UTC')) over stay_order as previous_seen_at,
        leadInFrame(first_seen_at, 1, toDateTime64(0, 3, 'UTC')) over stay_order as next_seen_at
    from stays
    window stay_order as (
        partition by tenant_id, visitor_id
        order by stay
        rows between unbounded preceding and unbounded following
    )
)

-- What a visitor does before signing in belongs to who signs in, but not what came before somebody else's last sighting.
select
    tenant_id,
    visitor_id,
    customer_pid,
    first_seen_at,
    last_seen_at,
    greatest(previous_seen_at, first_seen_at - interval {{ kept_days }} day) as valid_from,
    if(next_seen_at > last_seen_at, last_seen_at, last_seen_at + interval {{ kept_days }} day) as valid_to
from followed
