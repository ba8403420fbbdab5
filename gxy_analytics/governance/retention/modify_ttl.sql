alter table {database:Identifier}.{table:Identifier}
modify /* ttl */
settings materialize_ttl_after_modify = 0
