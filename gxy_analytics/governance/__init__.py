"""Tenants, write keys, pseudonyms, the vault. Nothing that serves a dashboard belongs here."""
