"""The staging, marts and platform layers: dbt models as assets."""
