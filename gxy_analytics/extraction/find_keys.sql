-- Keys of the batch's subjects that there are, the newest wrapping of each. Without FINAL: only the rows that match are read whole.
select
    tenant_id,
    subject,
    key_id,
    wrapped_key,
    key_version
from pii.keys
where (tenant_id, subject) in (select tenant_id, subject from sealing where content_hash != '')
order by tenant_id, subject, key_id, changed_at desc
limit 1 by tenant_id, subject
