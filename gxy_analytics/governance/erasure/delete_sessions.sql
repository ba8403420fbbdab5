-- By id and count: the row that replaces one may have its id, and has another count.
delete from marts.fct_sessions
where tenant_id = {tenant_id:String}
    and has(arrayZip({session_ids:Array(String)}, {events:Array(UInt64)}), (session_id, toUInt64(events)))
