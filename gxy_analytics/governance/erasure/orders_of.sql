order_id in (select order_id from raw.oltp_orders where tenant_id = {tenant_id:String} and $rows)
