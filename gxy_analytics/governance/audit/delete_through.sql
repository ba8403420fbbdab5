alter table governance.audit delete where sequence <= {through:UInt64} settings mutations_sync = 2
