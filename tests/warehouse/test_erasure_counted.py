"""The ledger after an erasure: it adds up, whatever arrived while rows were deleted, and wherever a run was killed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from clickhouse_connect.driver.client import Client
from erasure_world import write_key

from gxy_analytics.governance.erasure import counted, steps
from gxy_analytics.governance.erasure.requests import Request, get_request
from gxy_analytics.governance.erasure.run import process, request_erasure
from gxy_analytics.quality.ledger import check_raw_events
from gxy_analytics.settings import Settings

ANNA, CLEO = "a" * 64, "c" * 64
NOW = datetime.now(UTC).replace(microsecond=0)
LEFT = "select count() from raw.events where customer_pid = {who:String}"
ERASED = "select sum(erased) from governance.erased_rows where tenant_id = 'acme' and source = 'events'"


class KilledError(BaseException):
    """What no code of ours catches, as no code catches a kill."""


@pytest.fixture
def shop(clickhouse: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A tenant with events of two customers, and neither loaders nor old parts that are waited for."""
    write_key(settings)
    monkeypatch.setattr(steps, "ACK_SECONDS", 0.1)
    monkeypatch.setattr(steps, "parts_left", lambda *_: {})
    monkeypatch.setattr(counted, "EVENTS_A_STATEMENT", 4)
    clickhouse.insert("tenants", [["acme", NOW]], ["tenant_id", "changed_at"], database="governance")
    arrive(clickhouse, ANNA, 10)
    arrive(clickhouse, CLEO, 3)
    return clickhouse


def arrive(client: Client, who: str, events: int) -> None:
    """Load events of an hour ago, with their entry in the ledger."""
    happened = NOW - timedelta(hours=1)
    rows = [
        ["acme", uuid4(), who, f"browser-{who[:4]}", happened - timedelta(minutes=9 * n), happened, NOW] for n in range(events)
    ]
    names = ["tenant_id", "event_id", "customer_pid", "anonymous_id", "event_time", "received_at", "loaded_at"]
    client.insert("events", rows, column_names=names, database="raw")
    then = NOW - timedelta(days=30)
    client.insert("ingest_ledger", [["acme", f"n-0:{uuid4()}", events, events, 0, 0, 0, then]], database="governance")


def once_after(function: Callable[..., Any], what: Callable[[], None]) -> Callable[..., Any]:
    """The function, after whose first call `what` happens."""
    left = [what]

    def call(*arguments: Any, **named: Any) -> Any:
        found = function(*arguments, **named)
        if left:
            left.pop()()
        return found

    return call


def finish(client: Client, settings: Settings, request: Request) -> Request:
    for _ in range(20):
        if request.is_open:
            request = process(client, settings, request.request_id)
    return request


def require_even(client: Client, settings: Settings, request: Request, erased: int) -> None:
    """The request is done, nothing of the person is left, and the books add up."""
    done = finish(client, settings, request)
    assert done.state == "done", done.error
    assert client.query(LEFT, parameters={"who": ANNA}).first_row == (0,)
    assert client.query(LEFT, parameters={"who": CLEO}).first_row == (3,)
    assert client.query(ERASED).first_row == (erased,)
    assert check_raw_events(client).passed
    assert counted.GOING not in done.progress


def test_rows_that_arrive_between_the_count_and_the_delete_are_in_the_books(
    shop: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = request_erasure(shop, settings, "acme", customer_pid=ANNA, reason="ticket 7")
    monkeypatch.setattr(counted, "ask", once_after(counted.ask, lambda: arrive(shop, ANNA, 5)))
    require_even(shop, settings, request, erased=15)


@pytest.mark.parametrize(
    "killed_after", ["insert", pytest.param("save", marks=pytest.mark.slow), pytest.param("command", marks=pytest.mark.slow)]
)
def test_a_run_that_is_killed_while_it_deletes_counts_every_row_once_though_more_arrived(
    shop: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch, killed_after: str
) -> None:
    request = request_erasure(shop, settings, "acme", customer_pid=ANNA, reason="ticket 7")

    def kill() -> None:
        raise KilledError

    class Dying:
        """The client, until it has done what the run is killed after."""

        def __getattr__(self, name: str) -> Any:
            method = getattr(shop, name)
            return once_after(method, kill) if name == killed_after else method

    with monkeypatch.context() as patch:
        if killed_after == "save":
            patch.setattr(counted, "save", once_after(counted.save, kill))
        else:
            delete = counted._delete
            patch.setattr(counted, "_delete", lambda _, *given: delete(Dying(), *given))  # type: ignore[arg-type]
        with pytest.raises(KilledError):
            finish(shop, settings, request)
    assert len(get_request(shop, request.request_id).progress[counted.GOING]) == 4
    arrive(shop, ANNA, 2)
    require_even(shop, settings, get_request(shop, request.request_id), erased=12)
