order_id in (
    select orders.order_id
    from (
        select order_id, placed_at, customer_pid, $hash as identity_hash
        from raw.oltp_orders
        where tenant_id = {tenant_id:String} and customer_pid != ''
    ) as orders
    inner join (
        select identity_hash, tombstone
        from $person
        where kind = 'customer'
    ) as person on person.identity_hash = orders.identity_hash or person.tombstone = orders.customer_pid
    where person.tombstone = orders.customer_pid or orders.placed_at <= $until
)
