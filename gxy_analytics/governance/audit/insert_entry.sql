insert into governance.audit_entries
(entry_id, occurred_at, actor, program, origin, action, tenant_id, subject, reason, rows, details)
select
    {entry_id:UUID},
    now64(6, 'UTC'),
    {actor:String},
    {program:String},
    {origin:String},
    {action:String},
    {tenant_id:String},
    {subject:String},
    {reason:String},
    {rows:UInt64},
    {details:String}
