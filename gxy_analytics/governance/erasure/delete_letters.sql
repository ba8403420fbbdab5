delete from raw.events_rejected
where tenant_id = {tenant_id:String} and has({rejected_ids:Array(String)}, toString(rejected_id))
