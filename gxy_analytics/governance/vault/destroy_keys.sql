-- By hash: what a mutation says stays in its file, in system.mutations and in the log.
alter table pii.keys delete
where tenant_id = {tenant_id:String}
    and lower(hex(SHA256(concat(tenant_id, '\0customer\0', subject)))) in {hashes:Array(String)}
