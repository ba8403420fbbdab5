-- Keys that went from the source while a hold kept their values: live here, deleted there. Only where holds were lifted.
insert into buried
select tenant_id, $key
from $target final
where
    tenant_id in (select tenant_id from governance.retention_holds final where lifted_at is not null)
    and not is_deleted
    and content_hash != ''
    and (tenant_id, $key) in (select tenant_id, $key from $raw final where is_deleted)
