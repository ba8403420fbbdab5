"""Trouble of every kind with every client: its own queue delivers everything once the service is back, exactly once."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from tests.clients.fleet import Fleet, Member
from tests.clients.front import Fault, forget, hang, refuse
from tests.clients.sent import answers_by_id, deliveries, forgotten
from tests.clients.world import ClientWorld
from tests.service.ingest_process import until

NUMBER = 5
OUTAGE_SECONDS = 1.5

TROUBLES = {
    "503 and Retry-After": refuse(503, retry_after=1),
    "429 and Retry-After": refuse(429, retry_after=1),
    "an error although it was stored": forget(500),
    "a connection cut although it was stored": forget(None),
    "silence": hang(0.7),
}
LONG = dict.fromkeys(("429 and Retry-After", "a connection cut although it was stored", "silence"), pytest.mark.slow)
"""Much like the others; 429 is met in `test_answers` too, with the service's own quota."""


def came_through(fleet: Fleet) -> None:
    """Every client says that it delivered everything, and every event is in the warehouse once."""
    for member in fleet:
        if member.report:
            assert (member.report.delivered, member.report.failed) == (fleet.number, 0), (member.name, member.report)
        member.tenant.holds_once(fleet.number)


@pytest.mark.parametrize(
    "trouble", [pytest.param(trouble, id=name, marks=LONG.get(name, ())) for name, trouble in TROUBLES.items()]
)
def test_what_a_client_could_not_send_during_an_outage_arrives_after_it_once(
    world: ClientWorld, browser: Browser, trouble: Fault
) -> None:
    with Fleet(world, NUMBER) as fleet:
        fleet.add_servers(trouble)
        fleet.add_pages(browser, trouble)
        fleet.start()
        until(lambda: all(member.front.events() for member in fleet), "every client to have met it")
        time.sleep(OUTAGE_SECONDS)
        fleet.recover()
        fleet.finish()
        came_through(fleet)
        for member in fleet:
            assert trouble.status in member.front.statuses(), member.name


HASTY = {"rudder": {"queueOptions": {"minRetryDelay": 300, "backoffFactor": 1}}}
"""Retries half a minute apart are right for shops and long for a test."""


@pytest.mark.slow  # two clients and the marts in `test_shopper_path` are the short one
def test_an_event_that_its_client_delivered_five_times_is_stored_once_and_the_ledger_knows_of_the_four(
    world: ClientWorld, browser: Browser
) -> None:
    with Fleet(world, NUMBER) as fleet:
        fleet.add_servers()
        fleet.add_pages(browser, options=HASTY)
        for member in fleet:
            member.front.outage(forgotten(4))
        fleet.start()
        fleet.finish()
        came_through(fleet)
        for member in fleet:
            knows_of_every_delivery(member, fleet.number)


def knows_of_every_delivery(member: Member, number: int) -> None:
    """All that was sent was accepted: five times each, once inserted."""
    sent = sum(len(answers) for answers in answers_by_id(member.front).values())
    assert min(deliveries(member.front)) >= 5, (member.name, deliveries(member.front))
    ledger = member.tenant.ledger()
    assert ledger == {"accepted": sent, "inserted": number, "deduplicated": sent - number, "rejected": 0, "dropped": 0}, (
        member.name
    )


def test_a_service_that_is_stopped_and_started_again_loses_nothing(world: ClientWorld, browser: Browser) -> None:
    """A deployment of one host: SIGTERM drains, then nothing listens for a while, then the service is back."""
    with Fleet(world, 12) as fleet:
        fleet.add_servers()
        fleet.add_pages(browser)
        fleet.start(pause_ms=120)
        until(lambda: all(member.front.events() for member in fleet), "every client to be sending")
        assert world.ingest.stop() == 0
        time.sleep(OUTAGE_SECONDS)
        world.ingest.start()
        fleet.finish()
        came_through(fleet)


def limited_to(size: int) -> Callable[[], None]:
    """What a process does before it starts so that no file of its may grow over `size` bytes: as on a full disk."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))


def test_a_disk_that_is_full_for_a_while_is_503_and_costs_no_event(
    tmp_path: Path, clickhouse_server: EmbeddedClickHouse, browser: Browser
) -> None:
    world = ClientWorld(tmp_path, clickhouse_server.url)
    world.start(wait=False, before_exec=limited_to(1 << 20))
    try:
        with Fleet(world, NUMBER) as fleet:
            until(lambda: world.ingest.probe("/livez") == 200, "liveness")
            fleet.add_servers()
            fleet.add_pages(browser)
            fleet.start()
            until(lambda: all(503 in member.front.statuses() for member in fleet), "503 for every client")
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            for pid in world.ingest.workers():
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
            fleet.finish()
            came_through(fleet)
            for member in fleet:
                refused = [exchange for exchange in member.front.events() if exchange.status == 503]
                assert all(exchange.retry_after for exchange in refused)
    finally:
        world.stop()
