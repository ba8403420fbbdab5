"""The loader: from the spool to ClickHouse, each event once. It knows no client's HTTP and no business metric."""
