drop temporary table if exists sealing
