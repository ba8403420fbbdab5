select count() from $table
