(
    tenant_id in (select tenant_id from governance.retention_holds final where lifted_at is null and subject_hash = '')
    or (tenant_id, lower(hex(SHA256(concat(toString(tenant_id), '\0customer\0', toString($owner)))))) in (
        select tenant_id, toString(subject_hash)
        from governance.retention_holds final
        where lifted_at is null and subject_hash != ''
    )
)
