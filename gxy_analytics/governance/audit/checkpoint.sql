select max(sequence) from governance.audit where action = 'audit.checkpoint'
