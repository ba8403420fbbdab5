truncate table changed
