-- Positions in the batch whose personal values are not those of the vault, and the version that follows the vault's.
select
    batch.position as position,
    greatest(now64(3, 'UTC'), current.changed_at + toIntervalMillisecond(1)) as version
from sealing as batch
any left join
(
    select
        $columns,
        content_hash,
        is_deleted,
        changed_at
    from $target final
    where (tenant_id, $key) in (select tenant_id, $key from sealing)
) as current on batch.tenant_id = current.tenant_id and batch.$key = current.$key
where
    batch.content_hash != current.content_hash
    or (batch.content_hash != '' and (batch.is_deleted != current.is_deleted or batch.$owner != current.$owner))
order by position
