"""The whole way of a request without sockets, disk and ClickHouse: the real endpoint of its route, then the loader's preparation.

`check` states what must hold of any input; what inputs there are belongs to `fuzz_inputs`.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fuzz_inputs import Input

from gxy_analytics.governance.tenants.ingest_policy import Grant, IngestPolicy
from gxy_analytics.governance.vault.letters import LetterSeal
from gxy_analytics.settings import Settings
from ingest_service.answers import Answer, RefusalError
from ingest_service.app import WIRES
from ingest_service.consent import CONSENT
from ingest_service.endpoint import Endpoint
from ingest_service.enrich.enrich import Enrichment
from ingest_service.intake import Intake
from ingest_service.loader.bodies import WHOLE_BODY_REASONS
from ingest_service.loader.cut import Cut
from ingest_service.loader.draft import Letter
from ingest_service.loader.drops import DROPPED_NOTE
from ingest_service.loader.letters import letter_rows
from ingest_service.loader.prepare import Known, Prepared, prepare, read
from ingest_service.loader.replay import open_letter, record_of
from ingest_service.loader.web import AddressBook
from ingest_service.metrics import IngestMetrics
from ingest_service.privacy import DNT, GPC
from ingest_service.protocols.native import DROP
from ingest_service.protocols.wire import Reading, Wire
from ingest_service.request import headers_of
from ingest_service.spool.record import RecordFlags, SpoolRecord, decode_record
from ingest_service.spool.segment import FRAME_BYTES

EVENTS_PAGE = Path(__file__).parents[2] / "docs" / "reference" / "events.md"
POLICIES = (
    IngestPolicy(),
    IngestPolicy(honours_dnt=True, url_parameters=("color", "size")),
    IngestPolicy(is_cookieless=True, ip="drop", honours_gpc=False),
    IngestPolicy(consent_required=("ads",)),
)
FINAL = frozenset({400, 401, 403, 408, 413, 415})
SEAL = LetterSeal(bytes(32))
INPUT_CPU_SECONDS = 2.0  # no request may cost door and loader more than that
HOLDS_BEHIND_THE_DOOR = frozenset({"invalid_payload"})  # Snowplow's door does not open the payloads inside of events


class Remembering:
    """A wire that keeps what it understood."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.reading: Reading | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wire, name)

    def read(self, scope: Any, headers: Any, body: bytes) -> Reading:
        self.reading = self._wire.read(scope, headers, body)
        return self.reading


class EveryKey:
    """A registry to which each key is that of the input's own tenant."""

    grant = Grant("")

    async def grant_of(self, key: str | bytes | None) -> Grant:
        if not key:
            raise RefusalError(401, "missing_write_key", "no write key.")
        return self.grant


@dataclass
class Taken:
    """What became of one input at the door."""

    given: Input
    tenant_id: str
    answer: Answer
    reading: Reading | None
    records: list[SpoolRecord] = field(default_factory=list)


class FuzzWorld:
    """One door and one loader for many inputs."""

    def __init__(self, directory: Path) -> None:
        self._keys = EveryKey()
        settings = Settings(data_dir=directory, trusted_proxies="127.0.0.0/8")
        self._intake = Intake(settings, self._keys, IngestMetrics(settings))  # type: ignore[arg-type]
        self._intake.commits = self  # type: ignore[assignment]
        self._wires = [Remembering(wire) for wire in WIRES]
        self._endpoints = [Endpoint(self._intake, wire) for wire in self._wires]  # type: ignore[arg-type]
        self._appended: list[SpoolRecord] = []
        self._rules = Enrichment()
        self._book = AddressBook()
        self._reasons = documented_reasons()
        self.counts: Counter[str] = Counter()

    async def append(self, frame: tuple[int, bytes]) -> None:
        """In the place of the group commit: the record as the loader would read it from the disk."""
        self._appended.append(decode_record(frame[1][FRAME_BYTES:]))

    def check(self, inputs: list[Input]) -> None:
        """Every input is stored, rejected with a reason or refused with a 4xx; nothing raises. Names the input that did not."""
        began = time.process_time()
        try:
            taken = self.take(inputs)
            self._load(taken)
        except Exception as error:
            if len(inputs) > 1:
                for one in inputs:
                    self.check([one])
            raise AssertionError(f"this input: {inputs}") from error
        if time.process_time() - began > INPUT_CPU_SECONDS + len(inputs) * 0.01:
            assert len(inputs) > 1, f"took {time.process_time() - began:.1f} s of CPU: {inputs}"
            for one in inputs:
                self.check([one])
        self._count(taken)

    def take(self, inputs: list[Input]) -> list[Taken]:
        """What the door makes of each input, for a tenant of its own."""

        async def all_of_them() -> list[Taken]:
            return [await self._take_one(f"t{number}", given) for number, given in enumerate(inputs)]

        return asyncio.run(all_of_them())

    async def _take_one(self, tenant_id: str, given: Input) -> Taken:
        policy = POLICIES[len(given.body) % len(POLICIES)] if len(given.body) % 3 == 0 else POLICIES[0]
        self._keys.grant = Grant(tenant_id, is_secret=len(given.body) % 7 == 0, policy=policy)
        self._appended = []
        number = next(n for n, wire in enumerate(self._wires) if wire.matches(given.path) and given.method in wire.methods)
        wire, endpoint = self._wires[number], self._endpoints[number]
        wire.reading = None

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": given.body, "more_body": False}

        scope = scope_of(given)
        answer = await endpoint.answer(scope, headers_of(scope), receive)  # type: ignore[arg-type]
        taken = Taken(given, tenant_id, answer, wire.reading, self._appended)
        self._check_answer(taken)
        return taken

    def _check_answer(self, taken: Taken) -> None:
        status = taken.answer.status
        if status == 200:
            assert taken.reading is not None
            assert len(taken.records) == bool(taken.reading.results)
            assert all(not record.flags & RecordFlags.MALFORMED for record in taken.records)
            return
        assert status in FINAL, f"answered {status}"
        assert taken.answer.body or taken.given.method == "HEAD"
        assert len(taken.records) <= 1
        assert all(record.flags & RecordFlags.MALFORMED for record in taken.records)

    def _load(self, taken: list[Taken]) -> None:
        records = [record for one in taken for record in one.records]
        if not records:
            return
        batch = cut_of(records)
        letters: dict[str, list[Letter]] = {one.tenant_id: [] for one in taken}
        for letter in read(batch).letters:
            letters[letter.request.tenant_id].append(letter)
        prepared = self._prepare(batch)
        rows = Counter(prepared.events["tenant_id"].to_pylist() if prepared.events else [])
        ledger = {row.tenant_id: row for row in prepared.commit.ledger}
        for one in taken:
            if one.records:
                row = ledger[one.tenant_id]
                assert row.balances, row
                assert row.inserted == rows[one.tenant_id], row
                assert row.accepted == (len(one.reading.results) if one.answer.status == 200 and one.reading else 1), row
                self._check_letters(one, letters[one.tenant_id])
        assert set(prepared.commit.reasons) <= self._reasons, prepared.commit.reasons
        self._check_replay([letter for found in letters.values() for letter in found])
        self._check_retry(batch, prepared)

    def _prepare(self, batch: Cut, fresh: dict[bytes, bytes] | None = None) -> Prepared:
        known = known_to_nobody(self._book, self._rules, fresh)
        return prepare(batch, batch.records[0][1].received_ns // 1_000_000, known)

    def _check_letters(self, one: Taken, letters: list[Letter]) -> None:
        """What the door dropped is a letter for the same reason; beyond it only what is hidden from the door."""
        (record,) = one.records
        found = [(letter.index, letter.reason) for letter in letters if letter.reason not in HOLDS_BEHIND_THE_DOOR]
        if record.flags & RecordFlags.MALFORMED:
            assert [reason for _, reason in found] in (["malformed_body"], ["undecodable_body"]), found
            return
        assert one.reading is not None
        said = [(number, result.code) for number, result in enumerate(one.reading.results) if result.status == DROP]
        if DROPPED_NOTE not in record.headers:
            assert found == said, f"the door said {said}, the loader {found}"
            return
        drops = sum(int(part.partition("=")[2]) for part in record.headers[DROPPED_NOTE].split("&"))
        assert {part.partition("=")[0] for part in record.headers[DROPPED_NOTE].split("&")} <= {GPC, DNT, CONSENT}
        if record.flags & RecordFlags.DROPPED:
            assert (drops, found) == (len(one.reading.results), [])
        else:
            assert sorted(reason for _, reason in found) == sorted(code for _, code in said)

    def _check_replay(self, letters: list[Letter]) -> None:
        """Every letter becomes a record again, and that one says the same."""
        if not letters:
            return
        for letter, row in zip(letters, letter_rows(letters, "slot", 1, 0, lambda *_: "pid", SEAL).to_pylist(), strict=True):
            assert letter.detail, letter
            row |= {"received_ms": letter.request.received_ms, "sent_ms": letter.request.sent_ms}
            draft = read(cut_of([record_of(row, open_letter(row, SEAL))]))
            assert sum(request.accepted for request in draft.requests) == len(draft.events) + len(draft.letters)
            if letter.reason not in WHOLE_BODY_REASONS:
                assert [again.reason for again in draft.letters] == [letter.reason], (letter, draft.letters)
                assert not draft.events

    def _check_retry(self, batch: Cut, first: Prepared) -> None:
        """The same requests once more give no row."""
        again = self._prepare(batch, first.commit.fresh)
        assert sum(row.inserted for row in again.commit.ledger) == 0, "a retry became rows"
        assert again.commit.reasons == first.commit.reasons

    def _count(self, taken: list[Taken]) -> None:
        for one in taken:
            kept = "stored" if one.answer.status == 200 else "kept as a letter" if one.records else "refused"
            self.counts[f"{one.answer.status} {kept}"] += 1
            self.counts["inputs"] += 1


def known_to_nobody(
    book: AddressBook | None = None, rules: Enrichment | None = None, fresh: dict[bytes, bytes] | None = None
) -> Known:
    """What earlier batches left: nothing but `fresh`, events by key."""
    known = fresh or {}
    return Known(
        suspects=set(known).intersection,
        lookup=known.get,
        smallest_skew=lambda key: None,
        customer_pid=lambda tenant, user: "pid",
        addresses=book or AddressBook(),
        rules=rules or Enrichment(),
        seal=SEAL,
    )


def cut_of(records: list[SpoolRecord]) -> Cut:
    """The records as a batch."""
    return Cut("slot", 1, 0, len(records), records=list(enumerate(records)))


def scope_of(given: Input) -> dict[str, Any]:
    """The ASGI scope."""
    headers = [(name.encode(), value) for name, value in given.headers.items()]
    headers.append((b"content-length", b"%d" % len(given.body)))
    return {
        "type": "http",
        "method": given.method,
        "path": given.path,
        "query_string": given.query,
        "headers": headers,
        "client": ("127.0.0.1", 5),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
    }


def documented_reasons() -> set[str]:
    """Reasons of dead letters that docs/reference/events.md explains."""
    _, _, rest = EVENTS_PAGE.read_text().partition("## Dead letters")
    table = [line.split("|")[1] for line in rest.partition("### ")[0].splitlines() if line.startswith("| `")]
    return set(re.findall(r"`([a-z_]+)`", " ".join(table)))
