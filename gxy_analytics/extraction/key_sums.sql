-- The counterpart of queries.select_key_sums: live keys by bucket, how many, and the sum of their mixes.
select
    id - id % {bucket_keys:Int64} as bucket,
    count() as row_count,
    sum(((id % {prime:Int64}) * ((id % {prime:Int64} + tenant * {factor:Int64}) % {prime:Int64})) % {prime:Int64}) as mixes
from
(
    select
        toInt64(landed.$id) as id,
        toInt64(tenants.oltp_id) as tenant
    from $target as landed final
    any left join
    (
        select
            tenant_id,
            oltp_id
        from raw.oltp_tenants final
    ) as tenants on tenants.tenant_id = landed.tenant_id
    where not landed.is_deleted
)
group by bucket
