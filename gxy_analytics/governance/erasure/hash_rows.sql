-- As extraction/find_changed.sql.
alter table $table
update row_hash = cityHash64(tuple($content))
where tenant_id = {tenant_id:String} and $orders and row_hash != cityHash64(tuple($content))
