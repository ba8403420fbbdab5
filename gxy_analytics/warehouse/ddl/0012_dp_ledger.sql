-- What every noisy release may have told about a tenant adds up: the sum of epsilon is what a tenant is exposed to.
create table governance.dp_ledger
(
    dataset LowCardinality(String) comment 'What was counted; each has a budget of its own',
    period Date comment 'First day of what was counted: the Monday of a week',
    epsilon Decimal(18, 6) comment 'Spent before the noise was drawn, also when nothing was returned in the end',
    max_orders UInt32 comment 'Orders of one tenant that counted in one category',
    max_categories UInt32 comment 'Categories in which one tenant counted',
    purpose String comment 'Who asked, and for what',
    spent_at DateTime64(3, 'UTC')
)
engine = MergeTree
order by (dataset, spent_at)
comment 'Privacy budget that was spent: one row a differentially private release';
