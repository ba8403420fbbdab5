drop temporary table if exists moved
