{{ config(materialized='whole_swap', order_by=['tenant_id', 'product_id']) }}

select
    products.tenant_id as tenant_id,
    products.product_id as product_id,
    products.sku as sku,
    products.name as product_name,
    products.brand as brand,
    products.category_id as category_id,
    categories.name as category_name,
    parents.name as parent_category_name,
    products.price as price,
    products.cost as cost,
    products.price - products.cost as margin,
    products.currency as currency,
    products.stock_quantity as stock_quantity,
    products.status as status,
    products.is_deleted as is_deleted,
    products.created_at as created_at
from {{ ref('stg_shop__products') }} as products
left join {{ ref('stg_shop__categories') }} as categories
    on categories.tenant_id = products.tenant_id
    and categories.category_id = products.category_id
left join {{ ref('stg_shop__categories') }} as parents
    on parents.tenant_id = categories.tenant_id
    and parents.category_id = categories.parent_id
