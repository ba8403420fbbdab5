"""One module a protocol: it parses a body, judges its events, and says what each client family must be answered.

An adapter is pure: bytes in, verdicts and canonical events out. HTTP, the spool and ClickHouse belong to others.
"""
