select max(sequence) from governance.audit
