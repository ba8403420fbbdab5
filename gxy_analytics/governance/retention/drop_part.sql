alter table {database:Identifier}.{table:Identifier} drop part {part:String}
