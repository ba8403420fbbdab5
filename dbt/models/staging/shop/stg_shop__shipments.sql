select
    tenant_id,
    shipment_id,
    order_id,
    carrier,
    status,
    promised_at,
    shipped_at,
    delivered_at
from {{ source('shop', 'oltp_shipments') }}
where not is_deleted
settings final = 1
