select
    toString(tenant_id) as tenant_id,
    local_date,
    toString(currency) as currency,
    toDecimal128(orders, 4) as orders,
    toDecimal128(units, 4) as units,
    toDecimal128(gross_sales, 4) as gross_sales,
    toDecimal128(discounts, 4) as discounts,
    toDecimal128(returns, 4) as returns,
    toDecimal128(net_sales, 4) as net_sales
from marts.sales_daily
where local_date between {first:Date} and {last:Date}
