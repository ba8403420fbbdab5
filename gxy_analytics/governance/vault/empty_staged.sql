truncate table staged
