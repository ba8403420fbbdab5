-- Rows whose time is over, by tenant and part: those that go, and those that a legal hold keeps.
select
    toString(tenant_id) as tenant,
    _partition_id as partition_id,
    _part as part,
    countIf(not is_held) as rows,
    countIf(is_held) as held,
    toUInt64(sumIf(events, not is_held)) as events,
    minOrNullIf(at, not is_held) as first_at,
    maxOrNullIf(at, not is_held) as last_at
from (
    select
        tenant_id,
        _partition_id,
        _part,
        toDateTime64({column:Identifier}, 3, 'UTC') as at,
        /* events */ as events,
        /* is_held */ as is_held
    from {database:Identifier}.{table:Identifier}
    where /* is_over */
)
group by tenant, partition_id, part
order by tenant, partition_id, part
