select
    tenant_id,
    product_id,
    category_id,
    sku,
    name,
    brand,
    price,
    cost,
    currency,
    stock_quantity,
    status,
    created_at,
    is_deleted
from {{ source('shop', 'oltp_products') }}
settings final = 1
