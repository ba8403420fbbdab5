alter table governance.audit_entries drop partition {day:String}
