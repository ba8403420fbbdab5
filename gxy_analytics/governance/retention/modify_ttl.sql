alter table {database:Identifier}.{table:Identifier}
modify ttl toDateTime({column:Identifier}) + toIntervalMonth({months:UInt32}) + toIntervalDay({days:UInt32})
settings materialize_ttl_after_modify = 0
