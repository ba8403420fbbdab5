select
    tenant_id,
    category_id,
    parent_id,
    name,
    slug,
    is_deleted
from {{ source('shop', 'oltp_categories') }}
settings final = 1
