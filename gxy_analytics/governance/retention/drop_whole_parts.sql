alter table {database:Identifier}.{table:Identifier} modify setting ttl_only_drop_parts = 1
