"""What erasure leaves of the sessions of shared browsers is what dbt makes of the events that are left, to the last column."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from dbt_world import DbtWorld, dbt_world
from erasure_world import write_key

from gxy_analytics.governance.erasure import session_model, sessions, steps
from gxy_analytics.governance.erasure.requests import Request
from gxy_analytics.governance.erasure.run import process, request_erasure, retry
from gxy_analytics.settings import Settings

ANNA, CLEO = "a" * 64, "c" * 64
FIRST, AFTER = "2026-03-27", "2026-04-02"  # Berlin's clock changes on the 29th
MIDNIGHTS = [datetime(2026, 3, day, 23, tzinfo=UTC) for day in (27, 28)] + [
    datetime(2026, 3, day, 22, tzinfo=UTC) for day in (29, 30)
]
NAMES = ["page_viewed", "product_viewed", "product_added", "checkout_started", "order_completed"]
SESSIONS = "select * from marts.fct_sessions order by all"
COLUMNS = [
    "tenant_id", "event_id", "name", "event_time", "received_at", "anonymous_id", "customer_pid",
    "page_path", "page_referrer", "campaign_source", "campaign_medium", "campaign_name",
    "channel", "device_class", "country", "engaged_ms", "is_bot", "order_id",
]  # fmt: skip


class Killed(BaseException):
    """In place of kill -9."""


@dataclass
class Erased:
    """Sessions before, after each run of the erasure, and after a build of the same days."""

    world: DbtWorld
    request: Request
    failed: Request
    failed_with: list[tuple[Any, ...]]
    killed_with: list[tuple[Any, ...]]
    before: list[tuple[Any, ...]]
    after: list[tuple[Any, ...]]
    rebuilt: list[tuple[Any, ...]]


def rows(seed: int) -> list[list[Any]]:
    """Visits of several people to shared browsers, half of them around a midnight; two browsers are busy for 50 hours on end."""
    made = random.Random(seed)

    def one(visitor: str, pid: str, at: datetime) -> list[Any]:
        name = made.choice(NAMES)
        said = [made.choice(("", "google", "mail")), made.choice(("", "cpc")), made.choice(("", "spring"))]
        about = [made.choice(("", "/a", "/b", "/c")), made.choice(("", "https://x.example/"))]
        where = [
            made.choice(("", "Internal", "Direct", "Paid Search")),
            made.choice(("", "mobile")),
            made.choice(("", "DE", "AT")),
        ]
        order = f"o{made.randrange(9)}" if name == "order_completed" else ""
        event_id = UUID(int=made.getrandbits(128))
        return [
            "acme",
            event_id,
            name,
            at,
            at,
            visitor,
            pid,
            *about,
            *said,
            *where,
            made.randrange(9000),
            made.random() < 0.05,
            order,
        ]

    found = []
    for _ in range(160):
        visitor = f"browser-{made.randrange(12)}"
        at = made.choice(MIDNIGHTS) + timedelta(minutes=made.uniform(-90, 90) if made.random() < 0.5 else made.uniform(0, 1439))
        for _ in range(made.randrange(1, 9)):
            found.append(one(visitor, made.choice((ANNA, CLEO, "")), at))
            at += timedelta(minutes=made.choice((1, 10, 29, 30, 31)))
    for visitor in ("busy-0", "busy-1"):
        # Cleo every quarter of an hour; for an hour on the second day it is Anna alone, without whom no day is unbroken.
        for number in range(200):
            at = MIDNIGHTS[0] - timedelta(hours=2) + number * timedelta(minutes=15)
            hers = 60 <= number < 64 and visitor == "busy-0"
            found.append(one(visitor, ANNA if hers else CLEO, at))
    return found


@pytest.fixture(scope="module")
def erased(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Erased]:
    """Anna is erased: in a run without a model, in one that is killed between deleting and counting again, and in the next."""
    directory = tmp_path_factory.mktemp("sessions")
    with pytest.MonkeyPatch.context() as patch, dbt_world(directory) as world:
        patch.setattr(steps, "ACK_SECONDS", 0.1)
        patch.setattr(steps, "parts_left", lambda *_: {})
        settings = settings_of(world, directory)
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        world.insert("tenant_timezones", ["tenant_id", "timezone", "valid_from"], [["acme", "Europe/Berlin", epoch]])
        world.insert("events", COLUMNS, rows(seed=4))
        build(world)
        before = world.rows(SESSIONS)
        request = request_erasure(world.client, settings, "acme", customer_pid=ANNA, reason="ticket 1", allowed_proportion=1)
        with pytest.MonkeyPatch.context() as without:
            without.setattr(session_model, "DBT_PROJECT_DIR", directory)
            failed = process(world.client, settings, request.request_id)
        failed_with = world.rows(SESSIONS)
        retry(world.client, settings, request.request_id)
        with pytest.MonkeyPatch.context() as killer:
            killer.setattr(sessions, "change", killed_before_counting_again)
            with pytest.raises(Killed):
                process(world.client, settings, request.request_id)
        killed_with = world.rows(SESSIONS)
        request = process(world.client, settings, request.request_id)
        after = world.rows(SESSIONS)
        build(world)
        yield Erased(world, request, failed, failed_with, killed_with, before, after, world.rows(SESSIONS))


def settings_of(world: DbtWorld, directory: Path) -> Settings:
    settings = Settings(data_dir=directory / "gxy", clickhouse_url=world.server.url)
    write_key(settings)
    return settings


def build(world: DbtWorld) -> None:
    world.build(FIRST, AFTER, what=("run", "--select", "+fct_sessions"))


def killed_before_counting_again(client: Any, sql: str, *given: Any) -> None:
    if sql.lstrip().startswith("--"):
        raise Killed
    change(client, sql, *given)


change = sessions.change


def test_a_build_of_the_same_days_changes_no_session(erased: Erased) -> None:
    assert erased.request.state == "done", erased.request.error
    assert len(erased.after) > 100
    assert erased.after == erased.rebuilt


def test_sessions_without_the_person_stay_and_hers_are_others(erased: Erased) -> None:
    names = [name for name, *_ in erased.world.rows("describe marts.fct_sessions")]
    pid, visitor, events, started = (names.index(name) for name in ("customer_pid", "visitor_id", "events", "started_at"))
    assert any(row[pid] == ANNA for row in erased.before) and not any(row[pid] == ANNA for row in erased.after)
    untouched = [row for row in erased.before if row[visitor] == "busy-1"]
    assert untouched and untouched == [row for row in erased.after if row[visitor] == "busy-1"]
    # Without Anna the 28th is no day without a gap, after which a session would begin at midnight.
    starts = [{row[started] for row in found if row[visitor] == "busy-0"} for found in (erased.before, erased.after)]
    assert MIDNIGHTS[1].replace(tzinfo=None) in {at.replace(tzinfo=None) for at in starts[0]}
    assert MIDNIGHTS[1].replace(tzinfo=None) not in {at.replace(tzinfo=None) for at in starts[1]}
    (staged,) = erased.world.rows("select count() from staging.stg_web__events")
    assert (sum(row[events] for row in erased.after),) == staged


def test_without_the_model_nothing_is_deleted(erased: Erased) -> None:
    assert erased.failed.state == "failed" and "dbt could not compile fct_sessions" in erased.failed.error
    assert erased.failed_with == erased.before


def test_a_run_that_was_killed_with_sessions_missing_counts_them_again(erased: Erased) -> None:
    assert len(erased.killed_with) < len(erased.after)
