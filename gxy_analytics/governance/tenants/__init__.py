"""Tenants, their write keys and what ingest does with their events. Suspending and removing them is in `lifecycle`."""
