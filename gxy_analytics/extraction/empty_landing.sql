truncate table landing
