create database baseline;
create table baseline.events
(
    event_id UUID,
    name LowCardinality(String),
    time DateTime64(3, 'UTC'),
    anonymous_id String,
    session_id String,
    sequence UInt32,
    page Tuple(url String, title String, referrer String),
    items Array(Tuple(product_id String, name String, category String, price Decimal(18, 4), quantity UInt32, currency String))
)
engine = MergeTree
partition by toYYYYMMDD(time)
order by (name, time, event_id)
settings fsync_after_insert = 1, fsync_part_directory = 1
