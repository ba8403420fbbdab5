-- Rows that were replaced go, and their own keys with them.
optimize table $table final
