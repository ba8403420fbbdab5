{{ config(order_by=['tenant_id', 'order_id', 'order_item_id']) }}

with lines as (
    select
        items.tenant_id as tenant_id,
        items.local_date as local_date,
        items.order_id as order_id,
        items.order_item_id as order_item_id,
        items.product_id as product_id,
        orders.customer_pid as customer_pid,
        orders.currency as currency,
        cast(orders.status = 'cancelled' as Bool) as is_cancelled,
        items.quantity as units,
        items.unit_price as unit_price,
        toDecimal128(items.unit_price * items.quantity, 4) as gross_sales,
        toDecimal128(items.discount, 4) as line_discount,
        toDecimal128(items.tax, 4) as taxes,
        toDecimal128(orders.discount_total, 4) as order_discount,
        items.placed_at as placed_at
    from {{ ref('stg_shop__order_items') }} as items
    inner join {{ ref('stg_shop__orders') }} as orders
        on orders.tenant_id = items.tenant_id
        and orders.order_id = items.order_id
    where
        {{ in_window('items.local_date') }}
        and {{ in_window('orders.local_date') }}
),

orders as (
    select
        *,
        greatest(order_discount - sum(line_discount) over whole_order, toDecimal128(0, 4)) as undivided_discount,
        sum(gross_sales - line_discount) over whole_order as order_amount,
        order_item_id = max(order_item_id) over whole_order as is_last_line
    from lines
    window whole_order as (partition by tenant_id, order_id)
),

-- The part of the header's discount that no line carries, by the line's amount, to the cent.
proportional as (
    select
        *,
        if(
            order_amount = 0,
            toDecimal128(0, 4),
            toDecimal128(
                round(
                    divideDecimal(
                        undivided_discount * (gross_sales - line_discount),
                        if(order_amount = 0, toDecimal128(1, 4), order_amount),
                        6
                    ),
                    2
                ),
                4
            )
        ) as proportional_discount
    from orders
),

-- Cents lost in rounding go to the last line, so that the lines add up to the order.
prorated as (
    select
        *,
        proportional_discount + if(
            is_last_line,
            undivided_discount - sum(proportional_discount) over (partition by tenant_id, order_id),
            toDecimal128(0, 4)
        ) as prorated_discount
    from proportional
)

select
    tenant_id,
    local_date,
    order_id,
    order_item_id,
    product_id,
    customer_pid,
    currency,
    is_cancelled,
    units,
    unit_price,
    gross_sales,
    line_discount,
    prorated_discount,
    line_discount + prorated_discount as discounts,
    gross_sales - line_discount - prorated_discount as discounted_sales,
    taxes,
    placed_at
from prorated
