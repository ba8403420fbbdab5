-- Rows that came while the answers were worked out are not known and stay as the loader wrote them.
alter table raw.events
update $assignments
in partition id {partition:String}
where ({tenant:String} = '' or tenant_id = {tenant:String}) and $is_known and ($differs)
