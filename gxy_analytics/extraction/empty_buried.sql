truncate table buried
