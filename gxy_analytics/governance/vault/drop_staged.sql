drop temporary table if exists staged
