"""ClickHouse: the client, the schema and its migrations, the embedded server, partition swaps. No metric belongs here."""
