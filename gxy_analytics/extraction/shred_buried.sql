insert into $target ($columns, wrapped_key, ciphertext, key_id, content_hash, is_deleted, changed_at)
select
    $columns,
    '',
    '',
    '',
    '',
    true,
    greatest(now64(3, 'UTC'), changed_at + toIntervalMillisecond(1))
from $target final
where (tenant_id, $key) in (select tenant_id, $key from buried) and content_hash != '' and not $held
