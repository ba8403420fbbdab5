"""Whoever a body names is found in it, in every form a client sends it in, and nobody is found who is not named."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gxy_analytics.governance.letter_names import Named, named_in

CUSTOMER_FIELDS = ("user_id", "userId", "uid", "customer_id", "customerId", "USER_ID")
BROWSER_FIELDS = ("anonymous_id", "anonymousId", "network_id", "duid", "nuid", "tnuid")
EITHER = ("previous_id", "previousId")
FIELDS = st.sampled_from((*CUSTOMER_FIELDS, *BROWSER_FIELDS, *EITHER))
IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
REST = st.dictionaries(st.sampled_from(["name", "e", "properties", "note"]), IDS | st.integers() | st.none(), max_size=3)


def is_found(found: Named, name: str, value: str) -> bool:
    """Where an id of that field belongs it stands."""
    places = [found.customers] if name in (*CUSTOMER_FIELDS, *EITHER) else []
    places += [found.browsers] if name in (*BROWSER_FIELDS, *EITHER) else []
    return all(value in place for place in places)


def as_json(name: str, value: str, rest: dict) -> str:
    return json.dumps({**rest, name: value})


def nested(name: str, value: str, rest: dict) -> str:
    return json.dumps({"batch": [{"context": {**rest, name: value}}]}, ensure_ascii=False, indent=1)


def json_in_json(name: str, value: str, rest: dict) -> str:
    return json.dumps({**rest, "data": json.dumps({name: value})})


def as_form(name: str, value: str, rest: dict) -> str:
    return urlencode({**rest, name: value})


def json_in_form(name: str, value: str, rest: dict) -> str:
    return urlencode({**rest, "data": json.dumps({name: value})}, quote_via=quote)


def base64_of_json(name: str, value: str, rest: dict) -> str:
    return base64.b64encode(json.dumps({**rest, name: value, "padding": "so many"}).encode()).decode()


def tp2(name: str, value: str, rest: dict) -> str:
    """As Snowplow sends a self-describing event: base64 of the URL's alphabet, without padding, inside JSON."""
    inner = json.dumps({"data": {"data": {**rest, name: value}}}).encode()
    return json.dumps(
        {"schema": "iglu:payload_data", "data": [{"e": "ue", "ue_px": base64.urlsafe_b64encode(inner).decode().strip("=")}]}
    )


def base64_in_form(name: str, value: str, rest: dict) -> str:
    """As Segment's pixel sends it."""
    return "data=" + quote_plus(base64_of_json(name, value, rest))


def as_php(name: str, value: str, rest: dict) -> str:
    """As PHP writes base64 in JSON: with each slash escaped. The padding has one in each alphabet's place."""
    inner = json.dumps({"~~?": "???>>>", **rest, name: value})
    return json.dumps({"data": base64.b64encode(inner.encode()).decode()}).replace("/", "\\/")


def escaped(name: str, value: str, rest: dict) -> str:
    """Each character of a value escaped, once more in JSON."""
    units = value.encode("utf-16-be").hex()
    literal = "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    return json.dumps({**rest, "data": f'{{"{name}": "{literal}"}}'})


FORMS = [as_json, nested, json_in_json, as_form, json_in_form, base64_of_json, tp2, base64_in_form, as_php, escaped]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
@pytest.mark.parametrize("loosely", [False, True])
@given(FIELDS, IDS, REST)
@example("user_id", '7"\\', {})
@example("uid", "a b%20+&=", {})
def test_an_id_is_found_in_every_form(
    form: Callable[[str, str, dict], str], loosely: bool, name: str, value: str, rest: dict
) -> None:
    assert is_found(named_in(form(name, value, rest).encode(), {}, loosely=loosely), name, value)


@given(FIELDS, IDS, REST, st.text(max_size=200), st.integers(0, 200))
def test_an_id_is_found_in_json_that_is_torn_after_it(name: str, value: str, rest: dict, more: str, cut: int) -> None:
    whole = json.dumps({"events": [{**rest, name: value}, more]})
    end = whole.index(json.dumps({**rest, name: value})[1:-1]) + len(json.dumps({**rest, name: value})[1:-1])
    assert is_found(named_in(whole[: end + cut].encode(), {}, loosely=False), name, value)


@given(FIELDS, st.text("abcdefgh0123456789-", min_size=1), st.integers(1, 3))
def test_an_id_is_found_in_base64_that_is_torn_after_it(name: str, value: str, cut: int) -> None:
    torn = base64_of_json(name, value, {}).rstrip("=")[:-cut]
    assert is_found(named_in(torn.encode(), {}, loosely=False), name, value)


@given(st.integers(-(10**30), 10**30))
def test_a_number_is_an_id_as_its_digits(value: int) -> None:
    assert named_in(json.dumps({"events": [{"user_id": value}]}).encode(), {}, loosely=False).customers == {str(value)}


@given(IDS.filter(str.isalnum), st.booleans())
def test_a_torn_id_counts_only_where_one_too_many_does_no_harm(value: str, loosely: bool) -> None:
    found = named_in(f'{{"anonymous_id": "{value}'.encode(), {}, loosely=loosely)
    assert found.browsers == ({value[:256]} if loosely else set())


@pytest.mark.parametrize("body", [as_json("user_id", "an na", {}), tp2("user_id", "an na", {}), as_form("user_id", "an na", {})])
def test_nobody_else_is_surely_named(body: str) -> None:
    assert named_in(body.encode(), {}, loosely=False) == Named({"an na"}, set())


@given(st.binary(max_size=300), st.dictionaries(st.sampled_from(["gxy-visitor", "gxy-anonymous-id", "gxy-query"]), st.text()))
def test_any_bytes_can_be_read(body: bytes, headers: dict[str, str]) -> None:
    named_in(body, headers, loosely=True)


@pytest.mark.parametrize(
    "unit",
    [b'"\\"', b"user_id=", b"%22", b"\\", b'"user_id":"', b"a", b"&uid=1", b'"', b'{"a":"{\\"', b"\\u0040", b'"\\u0040a\\"'],
)
def test_a_large_body_that_means_harm_is_read_in_seconds(unit: bytes) -> None:
    began = time.process_time()
    named_in(unit * (200_000 // len(unit)), {}, loosely=True)
    assert time.process_time() - began < 3


@pytest.mark.parametrize("end", [b"\\\nx", b'x\\\n"', b"\n", b"\\", b""])
@pytest.mark.parametrize("start", [b"", b'"', b'{"user_id":"'])
@pytest.mark.parametrize("unit", [b'\\"', b"\\u0022", b'\\\\"', b'"\\', b'\\"\\n', b'\\" "'])
def test_what_does_not_end_as_it_began_is_looked_at_once(start: bytes, unit: bytes, end: bytes) -> None:
    """A pattern that gives back what it took needs the cube of a second here: one such letter held a loader for ever."""
    began = time.process_time()
    for loosely in (True, False):
        named_in(start + unit * 1_000 + end, {}, loosely=loosely)
    assert time.process_time() - began < 2
