"""The environment dbt runs in: its profile's `GXY_DBT_*` variables, derived from the settings.

Which models run, and for which days, belongs to the callers; the profile itself is `dbt/profiles.yml`.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from gxy_analytics.settings import Settings

DBT_PROJECT_DIR = Path(__file__).parents[2] / "dbt"


def dbt_environment(settings: Settings) -> dict[str, str]:
    """Return the variables that `dbt/profiles.yml` and the models read; add them to the process's environment.

    Raises MissingSettingError when no ClickHouse is known.
    """
    url = urlsplit(settings.clickhouse_as("pipeline"))
    secure = url.scheme == "https"
    return {
        "GXY_DBT_HOST": url.hostname or "127.0.0.1",
        "GXY_DBT_PORT": str(url.port or (8443 if secure else 8123)),
        "GXY_DBT_USER": unquote(url.username or "default"),
        "GXY_DBT_PASSWORD": unquote(url.password or ""),
        "GXY_DBT_SECURE": str(secure),
        "GXY_REPORTING_CURRENCY": settings.reporting_currency,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
