-- GMV of the platform over the window in the reporting currency.
select
    any(reporting_currency) as reporting_currency,
    sum(gmv_reporting) as gmv,
    sum(orders_without_rate) as orders_without_rate
from platform.gmv_daily
where local_date between {first:Date} and {last:Date}
