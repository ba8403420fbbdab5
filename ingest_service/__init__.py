"""The write path: events over HTTP, into a durable spool, into `raw.events`. Nothing here reads a mart."""
