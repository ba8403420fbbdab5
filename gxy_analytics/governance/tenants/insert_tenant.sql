insert into governance.tenants (tenant_id, oltp_id, name, plan, country, currency, timezone, status, changed_at)
select
    {tenant_id:String},
    {oltp_id:UInt64},
    {name:String},
    {plan:String},
    {country:String},
    {currency:String},
    {timezone:String},
    {status:String},
    now64(3)
