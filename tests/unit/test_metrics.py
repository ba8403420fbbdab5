"""What /metrics shows: parsed by Prometheus' own client, by its conventions, and as the reference page has it."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import msgspec
import pytest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from gxy_analytics.contracts.events import EventResult
from gxy_analytics.governance.tenants.ingest_policy import Grant, IngestPolicy
from gxy_analytics.settings import Settings
from gxy_analytics.stack.lock import StackLock
from ingest_service.loader.status import LoaderStatus, SlotStatus, read_status
from ingest_service.loader.tallies import Tallies
from ingest_service.metrics import IngestMetrics, class_of
from ingest_service.processes import look_at_process
from ingest_service.spool.record import SpoolRecord
from ingest_service.spool.writer import Spool, make_frame
from ingest_service.workers import WorkersFile

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "ingest-operations.md"
ROW = re.compile(r"^\| `(gxy_\w+)` \| (\w+) \|([^|]*)\|", re.MULTILINE)


def status_of(**fields: object) -> LoaderStatus:
    """A loader that is well and has done something."""
    tallies = Tallies()
    tallies.warn("unknown_field", 2)
    tallies.batch_seconds.observe(0.2)
    given: dict[str, object] = {
        "pid": os.getpid(),
        "started_at": time.time() - 60,
        "updated_at": time.time(),
        "slots": {"local-0": SlotStatus(1, 32, 0, 0.0)},
        "totals": {
            "accepted": 10,
            "inserted": 6,
            "deduplicated": 1,
            "rejected": 1,
            "dropped": 2,
            "batches": 1,
            "rejected:id_collision": 1,
            "dropped:gpc": 2,
        },
        "clickhouse_error": None,
        "clickhouse_down_since": None,
        "quarantined": [],
        "alarms": [],
        "last_batch": "local-0:1:32-32",
        "last_batch_at": time.time(),
        "tallies": tallies,
        "tenants": {"acme": {"accepted": 10, "inserted": 6, "deduplicated": 1, "rejected": 1, "dropped": 2}},
        "process": look_at_process(os.getpid()),
        "caches": {"agents": 17},
    }
    return LoaderStatus(**given | fields)  # type: ignore[arg-type]


class World:
    """A data directory with a spool, a loader's status and a process tree, and one worker's metrics."""

    def __init__(self, data_dir: Path) -> None:
        self.settings = Settings(data_dir=data_dir)
        self.settings.loader_dir.mkdir(parents=True)
        self.report(status_of())
        WorkersFile(self.settings).write([os.getpid()])
        lock = StackLock(data_dir)
        lock.acquire()
        lock.publish({}, {}, {"loader": {"count": 2, "how": "exit code 1", "log": "loader.log"}})
        self.metrics = IngestMetrics(self.settings)

    def report(self, status: LoaderStatus) -> None:
        (self.settings.loader_dir / "status.json").write_bytes(msgspec.json.encode(status))

    def exercise(self) -> None:
        """Count one of everything."""
        self.metrics.count_request("/v1/events", 200)
        self.metrics.count_refusal("/v1/events", "unknown_write_key", 401)
        self.metrics.count_events([EventResult("e", "ok")], Grant("acme"))
        self.metrics.observe_commit(3, 1000, 0.001)

    def families(self) -> dict[str, Metric]:
        """By name. The times of creation are left out: several workers have no common one, and show none."""
        found = text_string_to_metric_families(self.metrics.exposition().decode())
        return {family.name: family for family in found if not family.name.endswith("_created")}

    def value(self, name: str, **labels: str) -> float:
        (value,) = [
            sample.value
            for family in self.families().values()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        return value


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    return World(tmp_path)


def test_every_metric_has_a_help_text_a_unit_and_a_name_by_the_conventions(world: World) -> None:
    world.exercise()
    families = world.families().values()
    assert len(families) > 30
    for family in families:
        assert family.name.startswith("gxy_"), family.name
        assert len(family.documentation) > 8, family.name
        assert not re.search(r"_(ms|millis|kb|mb|minutes|hours|total)(_|$)", family.name), family.name
        if family.type == "counter":
            assert all(sample.name.endswith("_total") for sample in family.samples if not sample.name.endswith("_created"))


def test_the_reference_page_has_every_metric_with_its_type_and_labels(world: World, tmp_path: Path) -> None:
    world.exercise()
    world.metrics = IngestMetrics(world.settings.model_copy(update={"metrics_tenants": True}))
    world.exercise()
    shown = {}
    for family in world.families().values():
        labels = sorted({label for sample in family.samples for label in sample.labels} - {"le"})
        shown[family.name + ("_total" if family.type == "counter" else "")] = (family.type, ", ".join(labels))
    written = {name: (kind, labels.replace("`", "").strip()) for name, kind, labels in ROW.findall(PAGE.read_text())}
    assert written == shown


def test_a_refusal_is_counted_by_route_and_code(world: World) -> None:
    for _ in range(3):
        world.metrics.count_refusal("tp2", "over_events_quota", 429)
    assert world.value("gxy_ingest_refused_total", route="tp2", code="over_events_quota") == 3


@pytest.mark.parametrize(("rate", "name"), [(0, "default"), (100, "small"), (101, "medium"), (1_000, "medium"), (9_999, "large")])
def test_a_tenant_is_counted_under_the_class_of_its_quota(rate: int, name: str) -> None:
    assert class_of(IngestPolicy(events_per_second=rate)) == name


def test_a_thousand_tenants_are_not_more_series_than_one(world: World) -> None:
    for number in range(1000):
        world.metrics.count_events([EventResult("e", "ok")], Grant(f"tenant-{number}"))
    assert world.value("gxy_ingest_events_total", tenant_class="default", status="ok") == 1000
    assert "tenant-" not in world.metrics.exposition().decode()


def test_tenants_are_named_only_when_that_was_asked_for(world: World) -> None:
    assert "acme" not in world.metrics.exposition().decode()
    world.metrics = IngestMetrics(world.settings.model_copy(update={"metrics_tenants": True}))
    assert world.value("gxy_loader_tenant_events_total", tenant="acme", outcome="deduplicated") == 1


def test_a_ledger_that_does_not_balance_shows(world: World) -> None:
    assert world.value("gxy_loader_ledger_imbalance_events") == 0
    world.report(status_of(totals={"accepted": 10, "inserted": 7}))
    assert world.value("gxy_loader_ledger_imbalance_events") == 3


def test_the_age_of_what_waits_is_right_also_while_the_loader_is_dead(world: World) -> None:
    """By receipt, from the spool itself: the loader's own word for its lag stops with it."""
    spool = Spool(world.settings.spool_dir / "local-0", segment_bytes=1 << 16)
    received = [time.time_ns() - seconds * 10**9 for seconds in (7200, 3600, 5)]
    spool.append([make_frame(SpoolRecord(at, "acme", "native", "", {}, b"{}")) for at in received])
    assert 7200 <= world.value("gxy_ingest_spool_oldest_unloaded_seconds") < 7260
    first = (world.value("gxy_ingest_spool_unloaded_bytes") - 0) / 3
    world.report(status_of(slots={"local-0": SlotStatus(1, 32 + int(first), 0, 0.0)}))
    assert 3600 <= world.value("gxy_ingest_spool_oldest_unloaded_seconds") < 3660
    world.report(status_of(slots={"local-0": SlotStatus(1, 32 + 3 * int(first), 0, 0.0)}))
    assert world.value("gxy_ingest_spool_oldest_unloaded_seconds") == 0
    spool.close()


def test_buckets_add_up_to_the_count(world: World) -> None:
    samples = world.families()["gxy_loader_batch_seconds"].samples
    buckets = {sample.labels["le"]: sample.value for sample in samples if sample.name.endswith("_bucket")}
    assert (buckets["0.1"], buckets["0.25"], buckets["+Inf"]) == (0, 1, 1)


def test_without_a_loader_there_is_still_a_spool_to_see(world: World) -> None:
    (world.settings.loader_dir / "status.json").unlink()
    names = set(world.families())
    assert "gxy_ingest_spool_bytes" in names
    assert not any(name.startswith("gxy_loader") for name in names)


def test_counting_a_request_costs_no_more_than_some_microseconds(world: World) -> None:
    """The whole bookkeeping of an ordinary request: 2 to 3 µs here. The bar is for a machine that is busy with other things."""
    grant, results = Grant("acme"), [EventResult("e", "ok")]

    def once() -> float:
        began = time.perf_counter()
        for _ in range(2000):
            world.metrics.count_request("/v1/events", 200)
            world.metrics.count_events(results, grant)
        return (time.perf_counter() - began) / 2000

    assert min(once() for _ in range(10)) < 20e-6


def test_a_status_of_an_older_loader_can_be_read(world: World) -> None:
    status = msgspec.to_builtins(status_of())
    for name in ("restarts", "ended", "tallies", "tenants", "tenants_left_out", "process"):
        del status[name]
    (world.settings.loader_dir / "status.json").write_bytes(msgspec.json.encode(status))
    found = read_status(world.settings.loader_dir)
    assert found is not None
    assert (found.restarts, found.tenants) == (0, {})
    assert world.value("gxy_loader_restarts_total") == 0
