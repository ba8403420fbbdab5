request_id in (
    select request_id
    from governance.privacy_requests final
    where tenant_id = {tenant_id:String} and toString(subject_hash) in (select id from hashes)
)
