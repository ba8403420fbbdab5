-- Whoever ordered again after the request: what a later order needs is not the request's, once what was there has been erased.
not ({is_hidden:Bool} and $hash in (
    select $order_hash
    from raw.oltp_orders
    where tenant_id = {tenant_id:String} and placed_at > $until and customer_pid != ''
))
