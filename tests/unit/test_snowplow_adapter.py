"""One body of Snowplow's protocol into canonical events: its tables, its encodings, recordings of real clients."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from snowplow_events import EVENT_CASES
from snowplow_reading import one, read_body, said
from snowplow_shop import SHOP_CASES
from snowplow_wire import (
    ECOMMERCE,
    action,
    contexts,
    plain,
    product,
    told,
)

from ingest_service.loader.snowplow import parameters
from ingest_service.loader.snowplow.entities import ENTITIES
from ingest_service.loader.snowplow.events import ACTIONS, CODES, SELF_DESCRIBING
from ingest_service.loader.snowplow.payload import read_json
from ingest_service.loader.snowplow.plan import compile_plan
from ingest_service.loader.snowplow.sketch import Sketch
from ingest_service.protocols.snowplow.envelope import body_of
from ingest_service.protocols.snowplow.routes import query_pairs
from tests.conftest import SHARED_DATA

CASES = [*EVENT_CASES, *SHOP_CASES]


# --- The tables -----------------------------------------------------------------------------------------------------------


def test_every_field_that_the_tables_know_has_a_case_of_its_column() -> None:
    """The cases are written from the documentation; a rule without one could lead anywhere."""
    sent = json.dumps([case.event for case in CASES])
    parameter_names = {name for code in CODES.values() for name in code.plan.known} | set(parameters.RARE)
    covered = {name for case in CASES for name in case.event} | {"stm", "ue_px", "cx", "ua", "ip"}
    assert parameter_names - covered == set()
    for name, described in [*ENTITIES.items(), *SELF_DESCRIBING.items()]:
        assert f"{name.vendor}/{name.name}/" in sent, name
        assert [field for field in described.rules if f'\\"{field}\\":' not in sent] == [], name
    assert [kind for kind in ACTIONS if f'\\"type\\": \\"{kind}\\"' not in sent] == []


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(st.sampled_from([*parameters.COMMON, "zz"]), st.text(max_size=9), max_size=12))
def test_parameters_taken_in_groups_are_what_the_rules_say(given_parameters: dict[str, str]) -> None:
    plan = compile_plan(parameters.COMMON)
    grouped, slow = Sketch(), Sketch()
    rest = plan.apply(grouped, given_parameters)
    ordered = {name: given_parameters[name] for name in plan.known if name in given_parameters}
    in_table_order = {name: ordered[name] for name in parameters.COMMON if name in ordered}
    others = {name: value for name, value in given_parameters.items() if name not in plan.known}
    slow_rest = slow.apply(parameters.COMMON, in_table_order | others)

    def filled(sketch: Sketch) -> dict[str, dict[str, Any]]:
        return {part: found for part, fields in sketch.parts.items() if (found := {k: v for k, v in fields.items() if v})}

    assert filled(grouped) == filled(slow)
    assert (rest, sorted(grouped.warnings)) == (slow_rest, sorted(slow.warnings))


# --- Encodings ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(ACTIONS))
def test_both_encodings_say_the_same(kind: str) -> None:
    entities = [product(name="Größe ✓ 👕", position=1), told(ECOMMERCE, "page", {"type": "product"})]
    text = action(kind, *entities, encoded=False)
    encoded = action(kind, *entities, encoded=True)
    assert said(one(text)) == said(one(encoded))
    assert one(text).name == ACTIONS[kind]


@given(st.text(max_size=40), st.booleans(), st.booleans(), st.booleans())
def test_base64_is_read_in_every_alphabet_and_padding(text: str, url_safe: bool, padded: bool, in_query: bool) -> None:
    raw = json.dumps({"k": text}, ensure_ascii=False).encode()
    coded = (base64.urlsafe_b64encode if url_safe else base64.b64encode)(raw).decode()
    coded = coded if padded else coded.rstrip("=")
    assert read_json(coded.replace("+", " ") if in_query else coded, is_base64=True) == {"k": text}


def test_a_title_that_was_cut_inside_an_emoji_is_kept_with_a_replacement_character() -> None:
    co = contexts(product(name="NAME"))["co"].replace("NAME", "cut \\ud83d")
    assert one(plain(co=co)).items[0].name == "cut \ufffd"


def test_wrappers_of_either_version_and_both_contexts_at_once_are_read() -> None:
    event = plain(**contexts(product(id="A"), version="1-0-0"), **contexts(product(id="B"), encoded=True, version="1-0-1"))
    assert [item.product_id for item in one(event).items] == ["A", "B"]


def test_amounts_keep_every_digit() -> None:
    co = contexts(product(price="PRICE"))["co"].replace('"PRICE"', "12345678901234.5678")
    assert bytes(one(plain(co=co)).items[0].price) == b"12345678901234.5678"


# --- Recordings of real clients -------------------------------------------------------------------------------------------


def recorded() -> list[dict[str, Any]]:
    folder = SHARED_DATA / "wire"
    if not folder.exists():
        pytest.skip("no recorded requests here")
    lines = [json.loads(line) for name in ("spb", "rec") for line in (folder / f"{name}.jsonl").read_text().splitlines()]
    return [line for line in lines if "/tp2" in line["p"] or line["p"].startswith("/i?")]


def test_recorded_requests_of_browser_node_and_python_clients_are_read_without_a_loss() -> None:
    names: list[str] = []
    for request in recorded():
        sent = request["b"].encode() or body_of(query_pairs(urlsplit(request["p"]).query))
        draft = read_body(sent)
        assert draft.letters == []
        assert len(draft.events) == draft.requests[0].accepted
        assert {code for codes in draft.warnings.values() for code in codes} <= {"missing:/items/category"}
        assert all(event.time and event.client and event.client.tracker_version for event in draft.events)
        names += [event.name for event in draft.events]
    assert len(names) == 19
    assert {"page_viewed", "product_viewed", "product_impression", "order_completed", "search_performed"} <= set(names)


def test_the_pixel_of_the_python_client_says_what_its_post_says() -> None:
    views: dict[str, list[bytes]] = {"GET": [], "POST": []}
    for request in recorded():
        if "python" in str(request["h"]):
            sent = request["b"].encode() or body_of(query_pairs(urlsplit(request["p"]).query))
            for event in read_body(sent).events:
                event.time = None
                views[request["m"]].append(said(event))
    assert sorted(views["GET"]) == sorted(views["POST"]) != []
