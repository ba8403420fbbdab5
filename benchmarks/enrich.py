"""`python -m benchmarks.enrich`: what enrichment costs the loader, on one core, beside the same batches without it.

Processor time, not the clock: other work on the machine does not count. Prints PASS or FAIL against each bar; exit code 1 when
one fails. A batch is what the loader cuts: 20,000 events of 2,000 user agents and 500 referrers, in requests of ten.
"""

from __future__ import annotations

import gc
import json
import random
import sys
import time
from collections.abc import Callable
from unittest.mock import patch

import pyarrow as pa

from gxy_analytics.governance.vault.letters import LetterSeal
from ingest_service.enrich.enrich import (
    Enrichment,
    Requests,
    bot_columns,
    channel_column,
    device_columns,
    enrich,
    place_columns,
    referrer_columns,
)
from ingest_service.loader import assemble
from ingest_service.loader.cut import Cut
from ingest_service.loader.prepare import Known, prepare
from ingest_service.loader.web import AddressBook
from ingest_service.spool.record import SpoolRecord

EVENTS, A_REQUEST, BATCHES = 20_000, 10, 4
USER_AGENTS, REFERRERS, VISITORS, TENANTS, PAGES = 2_000, 500, 4_000, 20, 200
NOW_MS = 1_795_345_541_000
BAR_COST_US = 3.0  # an event, all enrichers together
BAR_EVENTS = 40_000  # a second: reading, sifting, assembling and enriching, without the insert


def main() -> int:
    """Measure, print, and judge."""
    gc.disable()  # as the loader does
    known = knowing(Enrichment())
    batches = [batch(number) for number in range(BATCHES)]
    cold = seconds(lambda: prepared(batches[0], known))
    with patch.object(assemble, "enrich", lambda *_: {}):
        bare = min(seconds(lambda one=one: prepared(one, known)) for one in batches)  # type: ignore[misc]
    whole = min(seconds(lambda one=one: prepared(one, known)) for one in batches)  # type: ignore[misc]
    print(f"{EVENTS:,} events a batch, processor time of one core, the best of {BATCHES} batches")
    line("read, sift, assemble", bare)
    line("the same, enriched", whole)
    line("the same, enriched, first batch of the process", cold)
    print(f"ratio enriched to not: {bare / whole:.2f}")
    cost = parts(batches[1], known)
    bars = [
        (f"enrichment {cost / EVENTS * 1e6:.2f} us an event <= {BAR_COST_US:.1f} us", cost / EVENTS * 1e6 <= BAR_COST_US),
        (f"{EVENTS / whole:,.0f} events/s enriched >= {BAR_EVENTS:,}", EVENTS / whole >= BAR_EVENTS),
    ]
    for text, holds in bars:
        print(f"{'PASS' if holds else 'FAIL'}  {text}")
    return 0 if all(holds for _, holds in bars) else 1


def parts(one: Cut, known: Known) -> float:
    """Print each enricher's cost on a batch, with warm caches; returns the seconds of all together."""
    given: list[tuple[dict[str, pa.Array], pa.Array, Requests]] = []

    def keep(rows: dict[str, pa.Array], referrers: pa.Array, requests: Requests, rules: Enrichment) -> dict[str, pa.Array]:
        given.append((dict(rows), referrers, requests))
        return {}

    with patch.object(assemble, "enrich", keep):
        prepared(one, known)
    ((rows, referrers, requests),) = given
    rules = known.rules
    agents, _ = device_columns(rows, rules)
    origins, _ = referrer_columns(rows, referrers, rules)
    line("  devices", best(lambda: device_columns(rows, rules)))
    line("  referrers", best(lambda: referrer_columns(rows, referrers, rules)))
    line("  channels", best(lambda: channel_column(rows, origins, rules)))
    line("  bots", best(lambda: bot_columns(rows, agents, requests, rules)))
    line("  places (no database)", best(lambda: place_columns(rows, rules)))
    whole = best(lambda: enrich(rows, referrers, requests, rules))
    line("all enrichers", whole)
    return whole


def prepared(one: Cut, known: Known) -> None:
    """What the loader does with a batch, but for inserting it."""
    prepare(one, NOW_MS, known)


def knowing(rules: Enrichment) -> Known:
    """The caches of a loader that nothing was loaded by yet."""
    return Known(
        suspects=lambda _: set(),
        lookup=lambda _: None,
        smallest_skew=lambda _: None,
        customer_pid=lambda tenant, user: f"{tenant}/{user}",
        addresses=AddressBook(),
        rules=rules,
        seal=LetterSeal(bytes(32)),
    )


def batch(number: int) -> Cut:
    """A cut of the spool: visitors of TENANTS shops, each with a browser of its own."""
    chance = random.Random(number)
    records = [(at, record(chance, number, at)) for at in range(EVENTS // A_REQUEST)]
    return Cut("bench-0", 1, 0, len(records), records)


def record(chance: random.Random, number: int, at: int) -> SpoolRecord:
    """One request of one visitor."""
    visitor = chance.randrange(VISITORS)
    host = f"shop{visitor % TENANTS}.example"
    events = [
        {
            "event_id": f"{number:08x}-0000-7000-8000-{at * A_REQUEST + place:012x}",
            "name": "product_viewed",
            "time": NOW_MS - chance.randrange(3_600_000),
            "anonymous_id": f"visitor-{visitor}",
            "page": {
                "url": f"https://{host}/p/{chance.randrange(PAGES)}{chance.choice(QUERIES)}",
                "referrer": referrer(chance, host),
            },
            "client": {"platform": "web", "tracker_version": "js-4.10.1"},
        }
        for place in range(A_REQUEST)
    ]
    return SpoolRecord(
        received_ns=NOW_MS * 1_000_000,
        tenant_id=f"shop{visitor % TENANTS}",
        protocol="native",
        ip_truncated=f"10.{visitor % 200}.{visitor % 7}.0",
        headers={
            "user-agent": user_agent(visitor % USER_AGENTS),
            "accept-language": "de-DE,de;q=0.9",
            "origin": f"https://{host}",
        },
        body=json.dumps({"events": events}).encode(),
    )


QUERIES = (
    "",
    "",
    "",
    "",
    "?utm_source=google&utm_medium=cpc&utm_campaign=brand",
    "?gclid=EAIaIQobChMI",
    "?utm_source=news&utm_medium=email",
)


def user_agent(number: int) -> str:
    """One of the browsers that a shop sees."""
    webkit, version = "AppleWebKit/537.36 (KHTML, like Gecko)", f"{100 + number % 30}.0.{number}.{number % 90}"
    systems = (
        "Windows NT 10.0; Win64; x64",
        "Linux; Android 14; SM-S918B",
        "Macintosh; Intel Mac OS X 10_15_7",
        "Linux; Android 13; K",
    )
    mobile = " Mobile" if number % 2 else ""
    return f"Mozilla/5.0 ({systems[number % 4]}) {webkit} Chrome/{version}{mobile} Safari/537.36"


def referrer(chance: random.Random, host: str) -> str:
    """A page of the shop itself mostly, else one of a few hundred elsewhere."""
    number = chance.randrange(REFERRERS)
    if number % 4:
        return f"https://{host}/p/{number // TENANTS}"
    elsewhere = (
        "https://www.google.com/",
        "https://l.instagram.com/",
        f"https://www.google.de/search?q=shoes+{number}",
        f"https://blog{number}.example/",
    )
    return elsewhere[number // 4 % 4]


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one call."""
    started = time.process_time()
    work()
    return time.process_time() - started


def best(work: Callable[[], object], times: int = 7) -> float:
    """Processor time of the fastest of a few calls."""
    return min(seconds(work) for _ in range(times))


def line(name: str, spent: float) -> None:
    """One row of the table."""
    print(f"{name:<48} {EVENTS / spent if spent else 0:>14,.0f} events/s {spent / EVENTS * 1e6:>8.2f} us an event")


if __name__ == "__main__":
    sys.exit(main())
