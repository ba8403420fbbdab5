insert into governance.audit_harvests (harvested_from, harvested_until)
select {from:DateTime('UTC')}, {until:DateTime('UTC')}
