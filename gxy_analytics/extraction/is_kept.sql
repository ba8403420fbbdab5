exists temporary table landing
