truncate table sealing
