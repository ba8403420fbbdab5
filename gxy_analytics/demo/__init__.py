"""The shop simulator and the guided demo. They use the public interfaces only: HTTP to the ingest service, SQL to the OLTP."""
