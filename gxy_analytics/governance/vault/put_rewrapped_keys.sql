-- A key that was destroyed in the meantime stays destroyed.
insert into pii.keys (tenant_id, subject, key_id, wrapped_key, key_version, changed_at)
select
    staged.tenant_id,
    staged.subject,
    staged.key_id,
    staged.wrapped_key,
    staged.key_version,
    greatest(now64(3, 'UTC'), current.changed_at + toIntervalMillisecond(1))
from staged
inner join
(
    select tenant_id, subject, key_id, changed_at
    from pii.keys final
    where (tenant_id, subject) in (select tenant_id, subject from staged)
) as current on current.tenant_id = staged.tenant_id and current.subject = staged.subject and current.key_id = staged.key_id
