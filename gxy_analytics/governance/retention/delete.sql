alter table {database:Identifier}.{table:Identifier}
delete where _partition_id in {partitions:Array(String)} and (/* is_over */) and not /* is_held */
settings mutations_sync = 2, allow_nondeterministic_mutations = 1
