"""Checks: schema and tenancy (blocking), reconciliation, the ledger, freshness by data. Tests of values live in dbt."""
