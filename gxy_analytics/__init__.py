"""The library of GXY Analytics: everything that is neither a Dagster definition, nor a web service, nor SQL for dbt.

Nothing below imports Dagster or Litestar, except `definitions.py` and `resources.py`.
"""
