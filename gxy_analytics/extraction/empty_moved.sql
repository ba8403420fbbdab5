truncate table moved
