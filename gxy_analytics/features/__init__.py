"""Recommendations, promotions, fraud and segments as plain functions and SQL. No Dagster belongs here."""
