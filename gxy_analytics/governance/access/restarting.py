"""Making the embedded server read its users: it does so only at a start, which the stack's supervisor gives it.

What it will read is written by `embedded`; a full server needs nothing of this.
"""

from __future__ import annotations

import time
from contextlib import suppress

from clickhouse_connect.driver.exceptions import ClickHouseError

from gxy_analytics.errors import GxyError, SourceUnreachableError
from gxy_analytics.governance.access.facts import read_facts
from gxy_analytics.settings import Settings, require
from gxy_analytics.stack.lock import supervisor_of
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import KILL_SERVING_QUERY

RESTART_SECONDS = 30.0
POLL_SECONDS = 0.2
SAME_START_SECONDS = 0.3


class NotRestartedError(GxyError):
    """The embedded server has not read its users: nobody would start it again, or nobody did."""


def restart(settings: Settings) -> None:
    """End the embedded server in order and wait until the stack's supervisor has started it again. Raises NotRestartedError.

    A server that no stack watches is left alone: it would stay down.
    """
    if supervisor_of(settings.data_dir) is None:
        raise NotRestartedError(
            f"The users are written, and ClickHouse reads them when it starts the next time: no `gxy up` runs on "
            f"{settings.data_dir} that would start it now."
        )
    url = require(settings.clickhouse_url, "CLICKHOUSE_URL")
    with connect(url, purpose="access") as client:
        before = read_facts(client).serving_since
        # The connection may end before its answer.
        with suppress(ClickHouseError):
            client.command(KILL_SERVING_QUERY)
    deadline = time.monotonic() + RESTART_SECONDS
    while time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        with suppress(SourceUnreachableError, ClickHouseError), connect(url, purpose="access") as client:
            # Two readings of one start differ by milliseconds; a stopping server still answers.
            if (read_facts(client).serving_since - before).total_seconds() > SAME_START_SECONDS:
                return
    raise NotRestartedError(
        f"ClickHouse did not come back within {RESTART_SECONDS:.0f} s: is `gxy up` running? See `gxy doctor`."
    )
