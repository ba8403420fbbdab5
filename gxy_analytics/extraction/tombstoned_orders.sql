-- Orders that are kept for the books and name nobody.
select
    toString(tenant_id) as tenant_id,
    order_id,
    customer_pid as tombstone
from raw.oltp_orders final
where (tenant_id, customer_pid) in
(
    select
        tenant_id,
        tombstone
    from governance.suppressions final
    where is_active and tombstone != ''
)
