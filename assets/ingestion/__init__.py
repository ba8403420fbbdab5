"""The raw layer: what arrived through the ingest service and what was extracted from the backend."""
