select count() from $table where $rows
