"""Does it add up: reconciliation with the OLTP source and the ledger. What is compared belongs here, not how Dagster shows it."""
