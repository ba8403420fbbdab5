alter table pii.keys delete
where tenant_id = {tenant_id:String} and subject in {subjects:Array(String)}
