-- A dead letter is kept whole, with what its record said beside the body: a replay takes the same way with the same knowledge.
alter table raw.events_rejected
    add column headers Map(LowCardinality(String), String) comment 'Of its spool record, beside user_agent',
    add column is_trusted Bool comment 'Sent with a secret key',
    drop column is_truncated;
