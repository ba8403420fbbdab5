-- One UTC day of events: visits of eight events each, 45 seconds apart, of skewed tenants; every row is a function of its number.
insert into raw.events
(
    tenant_id, event_id, name, protocol, platform, event_time, time_source, received_at, loaded_at, anonymous_id,
    page_path, campaign_source, campaign_medium, campaign_name, user_agent, ip_truncated, order_id,
    items.product_id, items.sku, items.name, items.category, items.brand, items.variant, items.price, items.quantity, items.position,
    items.currency, properties
)
with
    intDiv(number, 8) as visit,
    number % 8 as step,
    cityHash64(visit, {day:Date}) as seed,
    concat('shop-', leftPad(toString(toUInt32({tenants:UInt32} * pow((seed % 100000) / 100000, 2))), 4, '0')) as shop,
    toDateTime64({day:Date}, 3, 'UTC') + toIntervalSecond(bitShiftRight(seed, 20) % 86400 + step * 45) as happened_at,
    multiIf(
        step = 6 and seed % 5 = 0, 'checkout_started',
        step = 7 and seed % 30 = 0, 'order_completed',
        step between 1 and 4, ['product_impression', 'product_viewed', 'product_added', 'product_clicked'][step],
        'page_viewed'
    ) as event_name,
    multiIf(
        step = 1, arrayMap(place -> toString(bitShiftRight(seed, place) % 200 + 1), range(4)),
        step between 2 and 4, [toString(bitShiftRight(seed, 7) % 200 + 1)],
        []
    ) as products
select
    shop,
    reinterpretAsUUID(sipHash128(number, {day:Date})) as id,
    event_name,
    'native',
    'web',
    happened_at,
    'client',
    happened_at,
    happened_at,
    toString(reinterpretAsUUID(sipHash128(toUInt64(visit / 1.2), shop, {day:Date}))),
    concat('/p/', toString(seed % 100)),
    if(seed % 3 = 0, 'google', ''),
    if(seed % 3 = 0, 'cpc', ''),
    if(seed % 3 = 0, 'spring', ''),
    'Mozilla/5.0 (X11; Linux x86_64)',
    '203.0.113.0',
    if(event_name = 'order_completed', toString(visit), ''),
    products,
    products,
    arrayMap(product -> 'A product', products),
    arrayMap(product -> 'category', products),
    arrayMap(product -> 'brand', products),
    arrayMap(product -> '', products),
    arrayMap(product -> toDecimal64(9.99, 4), products),
    arrayMap(product -> 1, products),
    arrayEnumerate(products),
    arrayMap(product -> 'EUR', products),
    '{}'
from numbers({rows:UInt64})
settings max_insert_threads = 2
