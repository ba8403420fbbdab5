drop temporary table if exists buried
