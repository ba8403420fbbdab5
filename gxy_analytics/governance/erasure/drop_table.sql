drop table $table sync
