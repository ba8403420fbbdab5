alter table {database:Identifier}.{table:Identifier} remove ttl
