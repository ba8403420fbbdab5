-- Orders of each asked category, every tenant bounded: at most max_categories of them (the same ones whatever others do), max_orders in each.
select
    category,
    sum(bounded_orders) as orders
from (
    select
        tenant_id,
        category,
        least(uniqExact(order_id), {max_orders:UInt32}) as bounded_orders
    from (
        select
            items.tenant_id as tenant_id,
            items.order_id as order_id,
            replaceRegexpAll(lowerUTF8(trimBoth(products.category_name)), '\\s+', ' ') as category
        from marts.fct_order_items as items
        inner join marts.dim_products as products
            on products.tenant_id = items.tenant_id
            and products.product_id = items.product_id
        where
            items.local_date between {week:Date} and {week:Date} + 6
            and not items.is_cancelled
    )
    where category in {categories:Array(String)}
    group by
        tenant_id,
        category
    order by cityHash64(tenant_id, category)
    limit {max_categories:UInt32} by tenant_id
)
group by category
