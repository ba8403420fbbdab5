select
    tenant_id,
    coupon_id,
    code,
    kind,
    value,
    starts_at,
    ends_at
from {{ source('shop', 'oltp_coupons') }}
where not is_deleted
settings final = 1
