"""Every protocol ends in the registry's names, and what real clients were recorded sending carries what its types require."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from gxy_analytics.contracts.event_types.registry import EVENT_TYPES, is_custom
from ingest_service.loader.adapters import ADAPTERS
from ingest_service.loader.draft import Draft, Request
from ingest_service.loader.quality import MISSING, UNKNOWN_EVENT, check
from ingest_service.loader.segment.names import SPEC
from ingest_service.loader.snowplow.events import ACTIONS, CODES, SELF_DESCRIBING
from ingest_service.protocols.segment.routes import ROUTE_NOTE, ROUTES
from ingest_service.protocols.snowplow.envelope import body_of
from tests.conftest import SHARED_DATA

RECORDINGS = SHARED_DATA / "wire"
OF_SNOWPLOW = {*ACTIONS.values(), *(code.name for code in (*CODES.values(), *SELF_DESCRIBING.values()) if code.name)}
KNOWN = {("product_impression", "missing:/items/category")}  # its plugin sends products without what their own schema requires


@pytest.mark.parametrize("name", sorted({*SPEC.values(), *OF_SNOWPLOW}))
def test_a_name_that_an_adapter_gives_is_in_the_registry_or_the_shops_own(name: str) -> None:
    assert name in EVENT_TYPES or is_custom(name)


@pytest.mark.skipif(not RECORDINGS.exists(), reason="the recorded requests are not on this machine")
def test_what_real_clients_sent_carries_what_its_types_require() -> None:
    drafts = [read(protocol, route, body) for protocol, route, body in recorded(RECORDINGS)]
    for draft in drafts:
        check(draft)
    named = {event.name for draft in drafts for event in draft.events if not is_custom(event.name)}
    assert named >= {"page_viewed", "product_added", "order_completed", "search_performed", "product_impression", "identify"}
    found = {(draft.events[row].name, code) for draft in drafts for row, codes in draft.warnings.items() for code in codes}
    assert {(name, code) for name, code in found if code.startswith(MISSING) or code == UNKNOWN_EVENT} == KNOWN


def recorded(directory: Path) -> Iterator[tuple[str, str, bytes]]:
    """(protocol, route, body) of each recorded request that carries events."""
    for path in sorted(directory.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            request = json.loads(line)
            address = urlsplit(request["p"])
            route = ROUTES.get("/v1/" + address.path.partition("/v1/")[2])
            if address.path == "/i":
                yield "snowplow", "", body_of(parse_qsl(address.query))
            elif request["m"] == "POST" and (route or "tp2" in address.path):
                yield "segment" if route else "snowplow", route or "", request["b"].encode()


def read(protocol: str, route: str, body: bytes) -> Draft:
    draft = Draft()
    ADAPTERS[protocol].read(body, Request("acme", protocol, 1_795_400_000_000, 0, headers={ROUTE_NOTE: route}), draft)
    assert draft.letters == []
    return draft
