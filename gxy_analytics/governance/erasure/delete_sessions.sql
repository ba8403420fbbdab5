delete from marts.fct_sessions
where tenant_id = {tenant_id:String} and (visitor_id, local_date) in $days
