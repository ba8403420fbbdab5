{{ config(order_by=['tenant_id', 'local_date', 'currency']) }}

with booked as (
    select
        tenant_id,
        local_date,
        currency,
        is_cancelled,
        1 as orders,
        units,
        gross_sales,
        discounts,
        shipping,
        taxes,
        0 as refunds,
        0 as returned_units,
        toDecimal64(0, 4) as returns
    from {{ ref('fct_orders') }}
    where {{ in_window('local_date') }}
    union all
    select
        tenant_id,
        local_date,
        currency,
        false as is_cancelled,
        0 as orders,
        0 as units,
        toDecimal64(0, 4) as gross_sales,
        toDecimal64(0, 4) as discounts,
        toDecimal64(0, 4) as shipping,
        toDecimal64(0, 4) as taxes,
        1 as refunds,
        quantity as returned_units,
        amount as returns
    from {{ ref('stg_shop__refunds') }}
    where {{ in_window('local_date') }}
)

select
    tenant_id,
    local_date,
    currency,
    sum(booked.orders) as orders,
    sumIf(booked.orders, is_cancelled) as cancelled_orders,
    sum(booked.units) as units,
    sum(booked.refunds) as refunds,
    sum(booked.returned_units) as returned_units,
    sum(booked.gross_sales) as gross_sales,
    sum(booked.discounts) as discounts,
    sum(booked.returns) as returns,
    sum(booked.gross_sales) - sum(booked.discounts) - sum(booked.returns) as net_sales,
    sumIf(booked.gross_sales - booked.discounts, is_cancelled) as cancelled_sales,
    if(
        sum(booked.orders) = 0,
        null,
        round(divideDecimal(sum(booked.gross_sales) - sum(booked.discounts), toDecimal128(greatest(sum(booked.orders), 1), 0), 6), 4)
    ) as average_order_value,
    sum(booked.shipping) as shipping,
    sum(booked.taxes) as taxes,
    net_sales + sum(booked.shipping) + sum(booked.taxes) as total_sales
from booked
group by
    tenant_id,
    local_date,
    currency
