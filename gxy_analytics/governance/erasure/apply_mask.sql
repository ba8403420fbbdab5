alter table $table apply deleted mask
