drop temporary table if exists landing
