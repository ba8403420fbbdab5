-- A later version than the last one, also within the same millisecond.
insert into governance.ingest_policies
select
    {tenant_id:String},
    {origins:Array(String)},
    {events_per_second:UInt64},
    {events_burst:UInt64},
    {bytes_per_second:UInt64},
    {bytes_burst:UInt64},
    {ip:String},
    {is_cookieless:Bool},
    {honours_gpc:Bool},
    {honours_dnt:Bool},
    {url_parameters:Array(String)},
    {consent_required:Array(String)},
    greatest(now64(3), max(changed_at) + toIntervalMillisecond(1))
from governance.ingest_policies
where tenant_id = {tenant_id:String}
