delete from $table where $rows
