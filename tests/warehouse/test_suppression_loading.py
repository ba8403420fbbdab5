"""Suppressed people and the loader: what happened up to the request is counted and stored nowhere, what comes later is stored."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from loader_world import event, iso
from suppression_world import AFTER, BEFORE, UNTIL, SuppressionWorld, suppression_world

from gxy_analytics.governance.suppressions import FOR_GOOD, lift
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse
from ingest_service.enrich.enrich import Enrichment
from ingest_service.enrich.groups import GROUPS
from ingest_service.enrich.recompute import recompute
from ingest_service.loader.adapters import ADAPTERS
from ingest_service.loader.replay import Selection, replay
from ingest_service.loader.sink import Sink
from ingest_service.loader.suppression_list import SuppressionList
from ingest_service.privacy import VISITOR_NOTE
from ingest_service.protocols.segment.routes import ANONYMOUS_ID_NOTE
from ingest_service.protocols.snowplow.wire import QUERY_NOTE

RECEIVED = int(UNTIL.timestamp() * 1e9) - 10**9  # a second before the request
NO_ID = {"name": "page_viewed"}


@pytest.fixture
def world(tmp_path: Path, clickhouse_server: EmbeddedClickHouse) -> Iterator[SuppressionWorld]:
    with suppression_world(tmp_path, clickhouse_server) as found:
        yield found


def dropped(world: SuppressionWorld) -> dict[str, int]:
    """Events by reason, as the loader has counted them since its state was made."""
    loader = world.loader()
    try:
        totals = loader.status._totals
        return {name.removeprefix("dropped:"): count for name, count in totals.items() if name.startswith("dropped:")}
    finally:
        loader.close()


def test_what_a_person_did_before_the_request_is_dropped_and_counted_and_what_came_later_is_stored(
    world: SuppressionWorld,
) -> None:
    world.suppress("anna")
    told = {"user_id": "anna", "anonymous_id": "her-browser"}
    others = [event(event_id="other", user_id="bo", time=BEFORE), event(event_id="nobody", time=BEFORE)]
    world.spool([event(event_id="old", time=BEFORE, **told), event(event_id="new", time=AFTER, **told), *others])
    world.load()
    assert world.rows() == [("new",), ("nobody",), ("other",)]
    assert world.letters() == []
    assert world.ledger() == (4, 3, 0, 0, 1)
    assert dropped(world) == {"suppressed": 1}


@pytest.mark.parametrize(
    "identity",
    [
        {"user_id": "anna"},
        {"user_id": 77},
        {"anonymous_id": "her-browser"},
        {"anonymous_id": "new-browser", "network_id": "her-network"},
        {"anonymous_id": "new-browser", "user_id": "someone", "previous_id": "her-browser"},
        {"anonymous_id": "new-browser", "previous_id": "anna"},
    ],
)
def test_a_person_is_known_by_every_identity_of_an_event(world: SuppressionWorld, identity: dict[str, Any]) -> None:
    world.suppress("anna", "77", anonymous=("her-browser", "her-network"))
    world.spool([event(time=BEFORE, **{"anonymous_id": None, **identity})])
    world.load()
    assert world.rows() == []
    assert world.ledger() == (1, 0, 0, 0, 1)


def test_a_cookieless_visitor_is_known_by_the_pseudonym_of_the_day(world: SuppressionWorld) -> None:
    world.suppress(anonymous=("visitor-of-the-day",))
    world.spool([event(time=BEFORE, anonymous_id="sent")], headers={VISITOR_NOTE: "visitor-of-the-day"})
    world.spool([event(time=BEFORE, anonymous_id="visitor-of-the-day")], headers={VISITOR_NOTE: "another"})
    world.load()
    assert world.rows("anonymous_id") == [("another",)]


def test_another_tenants_customer_of_the_same_id_is_stored(world: SuppressionWorld) -> None:
    world.suppress("anna", anonymous=("her-browser",))
    world.tenant_id = f"t{uuid.uuid4().hex[:12]}"
    world.spool([event(event_id="kept", time=BEFORE, user_id="anna", anonymous_id="her-browser")])
    world.load()
    assert world.rows() == [("kept",)]


def test_an_objection_holds_until_it_is_lifted(world: SuppressionWorld) -> None:
    request_id = world.suppress("anna", until=FOR_GOOD)
    world.spool([event(user_id="anna")])
    world.load()
    assert world.rows() == []
    lift(world.client, world.tenant_id, request_id)
    world.spool([event(event_id="again", user_id="anna")])
    world.load()
    assert world.rows() == [("again",)]


@pytest.mark.parametrize(
    ("raw", "headers"),
    [
        (b'{"events":[{"name":"page_viewed","user_id":"anna"}]}', {}),
        (b'{"events":[{"name":"page_viewed","context":{"anonymousId":"her-browser"}}]}', {}),
        (b'{"events":[{"user_id":"an\\u006ea", broken', {}),
        (b'{"events":[{"uid" : 77, broken', {}),
        (b"broken", {VISITOR_NOTE: "her-browser"}),
        (b"broken", {ANONYMOUS_ID_NOTE: "her-browser"}),
        (b"broken", {QUERY_NOTE: "e=pv&duid=her-browser"}),
    ],
)
def test_a_dead_letter_that_names_a_person_is_not_kept(world: SuppressionWorld, raw: bytes, headers: dict[str, str]) -> None:
    world.suppress("anna", "77", anonymous=("her-browser",))
    world.spool(raw, received_ns=RECEIVED, headers=headers)
    world.load()
    assert world.letters() == []
    assert world.ledger() == (1, 0, 0, 0, 1)
    assert dropped(world) == {"suppressed": 1}


def test_dead_letters_of_others_and_of_later_are_kept(world: SuppressionWorld) -> None:
    world.suppress("anna")
    world.spool([{**NO_ID, "user_id": "bo"}], received_ns=RECEIVED)
    world.spool([{**NO_ID, "user_id": "anna", "time": AFTER}])
    world.spool([{**NO_ID, "user_id": "anna", "time": BEFORE}])
    world.load()
    assert world.letters("reason") == [("missing_event_id",)] * 2
    assert world.ledger() == (3, 0, 0, 2, 1)


def test_an_id_that_comes_back_with_other_content_of_the_person_is_no_dead_letter(world: SuppressionWorld) -> None:
    world.suppress("anna")
    world.spool([event(event_id="same", time=AFTER)], [event(event_id="same", time=BEFORE, user_id="anna")], received_ns=RECEIVED)
    world.load()
    assert world.letters() == []
    assert world.ledger() == (2, 1, 0, 0, 1)


def test_the_same_events_sent_again_after_an_erasure_store_nothing(world: SuppressionWorld, tmp_path: Path) -> None:
    told = [event(time=BEFORE, user_id="anna"), {**NO_ID, "user_id": "anna"}]
    world.spool(told, received_ns=RECEIVED)
    world.load()
    assert len(world.rows()) == len(world.letters()) == 1
    world.suppress("anna")
    for table in ("raw.events", "raw.events_rejected"):
        world.client.command(f"delete from {table} where tenant_id = {{tenant:String}}", parameters={"tenant": world.tenant_id})
    world.data_dir = tmp_path / "another-node"  # that remembers no event ids
    world.spool(told, received_ns=RECEIVED)
    world.load()
    assert world.rows() == world.letters() == []


def test_working_enrichment_out_again_after_an_erasure_brings_nothing_back(world: SuppressionWorld) -> None:
    world.spool([event(event_id="hers", time=BEFORE, user_id="anna"), event(event_id="other", time=BEFORE)])
    world.load()
    where = {"tenant": world.tenant_id}
    world.client.command(
        "delete from raw.events where tenant_id = {tenant:String} and client_event_id = 'hers'", parameters=where
    )
    spoil = "alter table raw.events update browser_name = 'spoilt' where tenant_id = {tenant:String} settings mutations_sync = 1"
    world.client.command(spoil, parameters=where)
    recompute(world.client, Enrichment(), (UNTIL.date(), UNTIL.date()), list(GROUPS.values()), world.tenant_id)
    assert world.rows("client_event_id, browser_name = 'spoilt'") == [("other", False)]


def test_a_dead_letter_that_is_replayed_after_the_request_is_stored_nowhere(
    world: SuppressionWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.spool([event(event_id="e", time=BEFORE, user_id="anna")], received_ns=RECEIVED, protocol="native2")
    world.load()
    assert world.letters("reason") == [("unknown_protocol",)]
    monkeypatch.setitem(ADAPTERS, "native2", ADAPTERS["native"])
    world.suppress("anna")
    replay(world.client, world.settings, Selection(tenant=world.tenant_id))
    world.load()
    assert world.rows() == []
    assert world.ledger()[4] == 1


def test_a_batch_that_was_half_inserted_when_the_request_came_is_finished_without_the_person(
    world: SuppressionWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.spool([event(event_id="hers", time=BEFORE, user_id="anna"), event(event_id="other", time=BEFORE)])

    def crash(*_: Any) -> None:
        raise ConnectionAbortedError

    with monkeypatch.context() as patch:
        patch.setattr(Sink, "insert", crash)
        with pytest.raises(ConnectionAbortedError):
            world.load()
    world.suppress("anna")
    world.load()
    assert world.rows() == [("other",)]
    assert world.ledger() == (2, 1, 0, 0, 1)


def test_a_running_loader_reads_the_list_again_within_ten_seconds(
    world: SuppressionWorld, clock: Callable[[float], None]
) -> None:
    loader = world.loader()
    try:
        world.spool([event(event_id="first", time=BEFORE, user_id="anna")])
        assert loader.step()
        request_id = world.suppress("anna")
        world.spool([event(event_id="second", time=BEFORE, user_id="anna")])
        clock(10)
        assert loader.step()
        assert world.rows() == [("first",)]
        assert world.acks(request_id)
    finally:
        loader.close()


def test_an_idle_loader_acknowledges_too(world: SuppressionWorld) -> None:
    request_id = world.suppress("anna")
    world.load()
    assert world.acks(request_id) == [("local", True)]


def test_the_last_list_holds_while_clickhouse_does_not_answer(world: SuppressionWorld, clock: Callable[[float], None]) -> None:
    sink = world.loader()._sink
    listed = SuppressionList(sink, "n1")
    world.suppress("anna")
    listed.look()
    sink.close()
    sink._url = "http://nobody:nothing@127.0.0.1:1"
    clock(60)
    listed.look()
    assert sink.error
    assert listed._list.covers(world.tenant_id, world.pid("anna"), "", 0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets time pass for the loader: seconds ahead."""
    real, ahead = time.monotonic, 0.0
    monkeypatch.setattr(time, "monotonic", lambda: real() + ahead)

    def pass_by(seconds: float) -> None:
        nonlocal ahead
        ahead += seconds

    return pass_by


def test_the_loaders_own_files_name_nobody(world: SuppressionWorld) -> None:
    secrets = ["secret-anna", "secret-browser", "secret-agent", "secret-event", "secret-network"]
    told = {"user_id": "secret-anna", "anonymous_id": "secret-browser", "network_id": "secret-network", "time": iso(time.time())}
    sent = iso(time.time() + 7200)  # a wrong clock: the loader remembers the browser's skew
    world.spool(
        [event(event_id="secret-event", **told), {**NO_ID, **told}],
        json.dumps({"events": [{**NO_ID, **told}]}).encode()[:-3],
        sent_at=sent,
        headers={"user-agent": "secret-agent"},
    )
    world.load()
    assert len(world.rows()) == 1 and len(world.letters()) == 2
    files = [path for path in world.settings.loader_dir.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"manifest.jsonl", "status.json", "data.mdb"}
    needles = [secret.encode() for secret in (*secrets, world.pid("secret-anna"))]
    assert [(path.name, needle) for path in files for needle in needles if needle in path.read_bytes()] == []
    spooled = b"".join(path.read_bytes() for path in world.settings.spool_dir.rglob("*.seg"))
    assert all(secret.encode() in spooled for secret in secrets)  # the needles are what was sent


def test_an_event_that_was_received_before_the_request_is_about_the_time_before_it(world: SuppressionWorld) -> None:
    world.suppress("anna")
    world.spool([event(time=AFTER, user_id="anna")], received_ns=RECEIVED)
    world.load()
    assert world.rows() == []
    assert dropped(world) == {"suppressed": 1}


def test_until_is_the_last_instant_that_is_covered(world: SuppressionWorld) -> None:
    world.suppress("anna")
    exact, later = (instant.isoformat(timespec="milliseconds") for instant in (UNTIL, UNTIL + timedelta(milliseconds=1)))
    world.spool([event(event_id="at", time=exact, user_id="anna"), event(event_id="after", time=later, user_id="anna")])
    world.load()
    assert world.rows() == [("after",)]
