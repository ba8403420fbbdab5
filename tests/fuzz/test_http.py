"""Whatever comes over a connection, the service answers or hangs up: no 5xx of its own, no dead worker, little memory.

What the OpenAPI document says is what happens (schemathesis); what is no HTTP hurts nobody; what was answered 200 is on the disk.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fuzz_inputs import Input
from fuzz_wire import MARKER, Sent, connection, talk
from fuzz_world import cut_of, known_to_nobody, scope_of
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from ingest_service.app import WIRES
from ingest_service.documented import protocol_paths
from ingest_service.loader.prepare import prepare
from ingest_service.spool.record import RecordFlags
from tests.conftest import free_port
from tests.service.ingest_process import KEY, IngestProcess
from tests.service.raw_http import peak_mib

MEMORY_MIB = 400  # of the worker, whatever was sent
CONNECTIONS, SLOW_CONNECTIONS = 400, 20_000
EXAMPLES, SLOW_EXAMPLES = 6, 100  # requests of each documented operation
AT_ONCE = 20
OVERLOADS = frozenset({429, 503})
TOO_LONG = ([414], [431])  # the query of a pixel; the server then closes the connection
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def ingest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IngestProcess]:
    process = IngestProcess(tmp_path_factory.mktemp("fuzz"), free_port())
    process.start()
    workers = process.workers()
    yield process
    assert process.workers() == workers, "a worker died"
    assert peak_mib(workers) < MEMORY_MIB
    assert b"request_failed" not in (process.data_dir / "ingest.log").read_bytes()
    assert process.stop() == 0
    check_spool(process)


def check_spool(process: IngestProcess) -> None:
    """Everything that was spooled becomes rows and letters, and the ledger balances."""
    records = process.spooled()
    for start in range(0, len(records), 500):
        batch = cut_of(records[start : start + 500])
        prepared = prepare(batch, records[start].received_ns // 1_000_000, known_to_nobody())
        assert all(row.balances for row in prepared.commit.ledger)


def operations(ingest: IngestProcess) -> list[Any]:
    schema = schemathesis.openapi.from_url(f"{ingest.url}/schema/openapi.json")
    return [found.ok() for found in schema.get_all_operations()]


def run_operations(ingest: IngestProcess, examples: int) -> Counter[int]:
    """Ask for every operation in many ways, good and bad, with a good key; the statuses."""
    statuses: Counter[int] = Counter()
    for operation in operations(ingest):

        @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(operation.as_strategy())
        def ask(case: Any) -> None:
            response = case.call(headers={"X-Write-Key": KEY}, timeout=20)
            statuses[response.status_code] += 1
            assert response.status_code < 500 or response.status_code in OVERLOADS, response.text
            case.validate_response(response, checks=CHECKS)

        ask()
    return statuses


def test_every_route_of_every_protocol_is_in_the_document(ingest: IngestProcess) -> None:
    paths = {operation.path for operation in operations(ingest)}
    assert paths >= {"/v1/events", "/schema/events", "/livez", "/readyz", "/metrics", *protocol_paths()}
    for path in protocol_paths():
        assert any(wire.matches(path.replace("{write_key}", "some-key")) for wire in WIRES), path


def test_every_documented_operation_answers_as_documented(ingest: IngestProcess) -> None:
    statuses = run_operations(ingest, EXAMPLES)
    assert statuses[200] > 50
    assert statuses.keys() & {400, 401, 404}


def run_connections(ingest: IngestProcess, first: int, number: int) -> Counter[int]:
    """Send, some at once; check each answer; what was stored is looked up at last. The statuses."""
    statuses: Counter[int] = Counter()
    stored: list[Input] = []

    async def one(seed: int) -> None:
        sent = connection(seed, KEY)
        answers = await talk(ingest.port, sent)
        statuses.update(answers)
        assert all(status < 500 or status in OVERLOADS for status in answers), (seed, answers)
        if sent.whole is not None:
            assert len(answers) == len(sent.whole) or answers[-1:] in TOO_LONG, (seed, answers)
            stored.extend(given for given, status in zip(sent.whole, answers, strict=False) if status == 200 and says(given))

    async def everything() -> None:
        for start in range(first, first + number, AT_ONCE):
            await asyncio.gather(*(one(seed) for seed in range(start, min(start + AT_ONCE, first + number))))

    asyncio.run(everything())
    kept = {record.headers.get("user-agent") for record in ingest.spooled() if not record.flags & RecordFlags.MALFORMED}
    missing = [given for given in stored if given.headers["user-agent"].decode() not in kept]
    assert not missing, missing[:1]
    assert len(stored) > number / 10
    print(f"\n{number} connections, {len(stored)} stored: {dict(sorted(statuses.items()))}")  # noqa: T201 - a long run's numbers
    return statuses


def says(given: Input) -> bool:
    """Whether anything of the request is to be stored, by its wire."""
    wire = next(wire for wire in WIRES if wire.matches(given.path) and given.method in wire.methods)
    scope: Any = scope_of(given)
    if "content-encoding" in given.headers or given.headers.get("sec-gpc") == b"1":
        return False  # decoded, or refused for the visitor: not judged here
    return bool(wire.read(scope, dict(scope["headers"]), given.body).results)


def test_no_bytes_on_a_connection_end_a_worker_and_what_was_answered_200_is_on_the_disk(ingest: IngestProcess) -> None:
    statuses = run_connections(ingest, 0, CONNECTIONS)
    assert {200, 400} <= set(statuses)
    assert ingest.probe("/readyz") == 200


@pytest.mark.slow
def test_many_thousand_connections_of_garbage_leave_the_service_as_it_was(ingest: IngestProcess) -> None:
    run_connections(ingest, CONNECTIONS, SLOW_CONNECTIONS)
    assert ingest.probe("/readyz") == 200


@pytest.mark.slow
def test_many_thousand_requests_of_documented_operations_are_answered_as_documented(ingest: IngestProcess) -> None:
    assert run_operations(ingest, SLOW_EXAMPLES)[200] > SLOW_EXAMPLES


@pytest.mark.parametrize("path", ["/v1/events", "/v1/batch", "/com.snowplowanalytics.snowplow/tp2"])
def test_chunks_that_are_none_are_a_400_and_no_error_of_the_server(ingest: IngestProcess, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nX-Write-Key: {KEY}\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert asyncio.run(talk(ingest.port, Sent(head.encode() + b"5\r\nhello\r\nzz\r\n", None))) == [400]


def test_markers_name_one_request() -> None:
    agents = [given.headers["user-agent"] for seed in range(200) for given in connection(seed, KEY).whole or ()]
    assert len(agents) == len(set(agents)) > 50
    assert agents[0].startswith(MARKER.format("").encode())
