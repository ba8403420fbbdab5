drop temporary table if exists changed
