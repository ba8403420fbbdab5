"""The one way to a ClickHouse client: bound parameters, a `log_comment` on every query, a clear error when it does not answer.

Which SQL runs belongs to the callers; SQL lives in `.sql` files beside them.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import OperationalError

from gxy_analytics.errors import SourceUnreachableError


def connect(url: str, *, purpose: str, tags: dict[str, str] | None = None, timeout: int = 3600, **settings: Any) -> Client:
    """Open a client for `url` (http(s)://user:password@host:port).

    `purpose` and `tags` become every query's `log_comment`, as JSON, so that `system.query_log` tells who asked.
    `timeout` bounds one query, in seconds. `settings` are ClickHouse settings of the session.
    Raises SourceUnreachableError when nothing answers there.
    """
    comment = json.dumps({"gxy": purpose, **(tags or {})}, sort_keys=True)
    try:
        return clickhouse_connect.get_client(
            dsn=url,
            autogenerate_session_id=False,
            settings={"log_comment": comment, **settings},
            connect_timeout=5,
            send_receive_timeout=timeout,
        )
    except OperationalError as error:
        parts = urlsplit(url)
        raise SourceUnreachableError(
            f"ClickHouse does not answer at {parts.hostname}:{parts.port}: check GXY_CLICKHOUSE_URL, or start one with `gxy up`."
        ) from error


def read_sql(package: str, name: str) -> str:
    """Return the text of the `.sql` file `name` that lies beside the modules of `package`."""
    return files(package).joinpath(name).read_text()
