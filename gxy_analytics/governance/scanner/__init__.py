"""The scanner: looks for personal data in every text column outside `pii`, by form and by the vault's own values.

`scan.scan_databases` does it; docs/reference/personal-data.md says what it finds and what it cannot.
"""
