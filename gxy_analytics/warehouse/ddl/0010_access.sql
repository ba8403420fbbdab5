-- Passwords of ClickHouse users are derived from the master key; only how often each was rotated is kept.
create table governance.access_users
(
    user_name String comment 'tenant_<slug>, or gxy_<role>',
    generation UInt32 comment 'Goes into the derived password; a user without a row has 1',
    changed_at DateTime64(3, 'UTC') comment 'Version of the row'
)
engine = ReplacingMergeTree(changed_at)
order by user_name
comment 'One row a user whose password was rotated (read with FINAL)';

-- A full server does not show what a password is: what it was last given is remembered here.
create table governance.access_applied
(
    user_name String,
    fingerprint String comment 'Of the password, which it does not reveal',
    applied_at DateTime64(3, 'UTC') default now64(3) comment 'Version of the row'
)
engine = ReplacingMergeTree(applied_at)
order by user_name
comment 'One row a user of a full server (read with FINAL)';
