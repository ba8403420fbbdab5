create table raw.events
(
    tenant_id LowCardinality(String),
    event_id UUID comment 'The client''s id where it is a UUID, else UUIDv5 of tenant and id',
    client_event_id String comment 'As sent',
    name LowCardinality(String) comment 'Event vocabulary: docs/reference/events.md',
    protocol LowCardinality(String) comment 'native, segment, snowplow',
    tracker_version LowCardinality(String),
    platform LowCardinality(String) comment 'web, mob, srv, …',

    event_time DateTime64(3, 'UTC') comment 'When it happened, after the clock-skew rule' codec(Delta, ZSTD(1)),
    time_source LowCardinality(String) comment 'true, client, client_adjusted, received',
    created_at Nullable(DateTime64(3, 'UTC')) comment 'Client''s clock when it happened' codec(Delta, ZSTD(1)),
    sent_at Nullable(DateTime64(3, 'UTC')) comment 'Client''s clock when it was sent' codec(Delta, ZSTD(1)),
    received_at DateTime64(3, 'UTC') comment 'Server''s clock' codec(Delta, ZSTD(1)),
    loaded_at DateTime64(3, 'UTC') comment 'When its batch was cut' codec(Delta, ZSTD(1)),
    skew_ms Int64 comment 'Correction that was applied to created_at, 0 for none' codec(T64, ZSTD(1)),
    lateness_ms Int64 comment 'received_at - event_time' codec(T64, ZSTD(1)),
    is_historical Bool comment 'Older than 7 days when received',

    anonymous_id String codec(ZSTD(1)),
    customer_pid String comment 'HMAC-SHA256(tenant key, user id), lower-case hex; empty when not known' codec(ZSTD(1)),
    network_id String codec(ZSTD(1)),
    session_id String comment 'The client''s own session, as sent' codec(ZSTD(1)),
    session_index UInt32,
    session_seq UInt32 comment 'The client''s counter inside its session' codec(T64, ZSTD(1)),
    page_view_id String codec(ZSTD(1)),

    page_url String comment 'Without query string and fragment' codec(ZSTD(1)),
    page_host LowCardinality(String),
    page_path String codec(ZSTD(1)),
    page_title String codec(ZSTD(1)),
    page_referrer String comment 'Without query string and fragment' codec(ZSTD(1)),
    campaign_source LowCardinality(String),
    campaign_medium LowCardinality(String),
    campaign_name LowCardinality(String),
    campaign_term String codec(ZSTD(1)),
    campaign_content String codec(ZSTD(1)),
    click_ids Map(LowCardinality(String), String) codec(ZSTD(1)),

    locale LowCardinality(String),
    client_timezone LowCardinality(String),
    viewport LowCardinality(String),
    user_agent String codec(ZSTD(1)),
    ip_truncated String comment 'IPv4 /24, IPv6 /48; a full address is stored nowhere' codec(ZSTD(1)),
    consent Map(LowCardinality(String), Bool),

    search_query String codec(ZSTD(1)),
    search_result_count Nullable(UInt32),
    list_id LowCardinality(String),
    list_name LowCardinality(String),
    cart_id String codec(ZSTD(1)),
    cart_value Nullable(Decimal(18, 4)),
    order_id String codec(ZSTD(1)),
    order_value Nullable(Decimal(18, 4)) comment 'What the tracker said; never a source of revenue',
    currency LowCardinality(String) comment 'Of cart_value and order_value',
    items Nested
    (
        product_id String,
        sku String,
        name String,
        category LowCardinality(String),
        brand LowCardinality(String),
        variant LowCardinality(String),
        price Nullable(Decimal(18, 4)),
        quantity UInt32,
        position UInt32,
        currency LowCardinality(String)
    ),
    properties String comment 'JSON object of everything without a column' codec(ZSTD(3)),
    warnings Array(LowCardinality(String)),

    ingest_node LowCardinality(String) comment '<node>-<worker> that accepted it',
    ingest_segment UInt64 codec(Delta, ZSTD(1)),
    ingest_offset UInt64 comment 'Byte offset of its record in the segment' codec(Delta, ZSTD(1)),
    ingest_index UInt32 comment 'Position in the request' codec(T64, ZSTD(1)),

    index loaded_at_minmax loaded_at type minmax granularity 4
)
engine = MergeTree
partition by toYYYYMMDD(event_time)
order by (tenant_id, event_time, event_id)
settings non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1
comment 'Accepted events, one row each';

create table raw.events_rejected
(
    tenant_id LowCardinality(String),
    rejected_id FixedString(32) comment 'xxh3-128 of where it was spooled, hex: the same dead letter has the same id',
    received_at DateTime64(3, 'UTC'),
    sent_at Nullable(DateTime64(3, 'UTC')) comment 'Of its request: a replay needs it for the clock-skew rule',
    protocol LowCardinality(String),
    client_event_id String,
    reason LowCardinality(String) comment 'docs/reference/events.md lists them',
    pointer String comment 'JSON pointer to what is wrong, such as /events/3/time',
    detail String,
    raw String comment 'The event (or body) as received' codec(ZSTD(3)),
    is_truncated Bool comment 'raw was over the cap',
    ip_truncated String,
    user_agent String,
    ingest_node LowCardinality(String),
    ingest_segment UInt64,
    ingest_offset UInt64,
    ingest_index UInt32,
    loaded_at DateTime64(3, 'UTC'),
    replayed_at Nullable(DateTime64(3, 'UTC')) comment 'When it was put back into the spool'
)
engine = ReplacingMergeTree(loaded_at)
partition by toYYYYMM(received_at)
order by (tenant_id, received_at, rejected_id)
settings non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1
comment 'Dead letters, one row an event (read with FINAL)';

create materialized view governance.arrivals_events to governance.arrivals as
select tenant_id, 'events' as source, toStartOfFifteenMinutes(toDateTime(event_time, 'UTC')) as bucket_at, count() as arrived
from raw.events
group by tenant_id, bucket_at;
