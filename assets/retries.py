"""When a step is tried again: after an error that passes by itself, in work that may be done twice.

A retry policy on an asset would also repeat what no retry mends (drift of the schema, a wrong password), and what was stopped by
Ctrl-C. Which errors pass is decided in `gxy_analytics.interruptions`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import HTTPError

from gxy_analytics.errors import GxyError
from gxy_analytics.interruptions import is_passing

RETRIES = 2
WAIT_SECONDS = 5.0
"""An embedded server that starts again for a login answers after 1 to 2 s."""


@contextmanager
def retried() -> Iterator[None]:
    """Ask Dagster for another attempt when the block fails with an error that passes; any other error stays what it is.

    After RETRIES more attempts the step fails with the last error as its cause.
    """
    try:
        yield
    except (GxyError, ClickHouseError, HTTPError, ConnectionError) as error:
        if is_passing(error):
            raise dg.RetryRequested(max_retries=RETRIES, seconds_to_wait=WAIT_SECONDS) from error
        raise
