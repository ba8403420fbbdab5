select
    run_id,
    min(runs.began_at) as began_at,
    toString(runs.rule_name) as rule_name,
    toString(runs.tenant_id) as tenant_id,
    uniqExact(partition_id) as partitions,
    sum(runs.rows) as rows,
    sum(runs.held) as held,
    sum(runs.bytes) as bytes,
    min(runs.first_at) as first_at,
    max(runs.last_at) as last_at,
    min(runs.state = 'done') = 1 as is_finished
from governance.retention_runs as runs final
where ({tenant_id:String} = '' or runs.tenant_id = {tenant_id:String}) and runs.began_at >= {since:DateTime64(3, 'UTC')}
group by run_id, rule_name, tenant_id
having rows > 0
order by began_at desc, rule_name, tenant_id
