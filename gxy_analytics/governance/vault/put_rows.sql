-- Only where the row is still the one that was opened.
insert into $table
select current.* replace (
    '' as wrapped_key,
    staged.ciphertext as ciphertext,
    staged.key_id as key_id,
    current.changed_at + toIntervalMillisecond(1) as changed_at
)
from $table as current final
inner join staged on current.tenant_id = staged.tenant_id and current.$key = staged.row_key
where (current.tenant_id, current.$key) in (select tenant_id, row_key from staged)
    and current.wrapped_key = staged.row_key_wrapped
