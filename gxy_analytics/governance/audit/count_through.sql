select count() from governance.audit where sequence <= {through:UInt64}
