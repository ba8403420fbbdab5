-- A period of an anonymous table is shown once: another version of it would show, by subtraction, who came or left in between.
create table governance.platform_releases
(
    model_name LowCardinality(String) comment 'Table of platform',
    period Date comment 'First day of what was released: the Monday of a week',
    released_at DateTime64(3, 'UTC') comment 'When its rows became visible',
    rows UInt64 comment 'Rows released',
    checksum FixedString(64) comment 'SHA-256 of the rows as text, sorted; lower-case hex'
)
engine = MergeTree
order by (model_name, period)
comment 'What of the anonymous tables was released, and what it was';
