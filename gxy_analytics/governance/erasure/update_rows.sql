alter table $table update $changes where $rows
