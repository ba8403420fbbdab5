-- Only where the row is still the one that was opened.
insert into pii.customers (tenant_id, customer_pid, wrapped_key, ciphertext, key_id, content_hash, is_deleted, changed_at)
select
    current.tenant_id,
    current.customer_pid,
    '',
    staged.ciphertext,
    staged.key_id,
    current.content_hash,
    current.is_deleted,
    current.changed_at + toIntervalMillisecond(1)
from pii.customers as current final
inner join staged on current.tenant_id = staged.tenant_id and current.customer_pid = staged.row_key
where (current.tenant_id, current.customer_pid) in (select tenant_id, row_key from staged)
    and current.wrapped_key = staged.row_key_wrapped
