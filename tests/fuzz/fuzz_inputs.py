"""One request of the fuzz tests, made from a seed: a good one of its protocol, then broken a little or a lot."""

from __future__ import annotations

from base64 import b64encode
from random import Random
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from fuzz_json import Embedded, Token, inner_text, text_of
from fuzz_mutations import WEIRD_TEXTS, as_encoded, as_text, mutate_bytes, mutate_tree
from fuzz_shapes import NAMES, SHAPES, Shape, recorded

MUTATIONS = (0, 1, 1, 1, 1, 2, 2, 3, 5, 8)
BYTE_SHARE, RECORDED_SHARE, ENCODED_SHARE, HEADER_SHARE = 0.25, 0.1, 0.08, 0.2
KEY = "fuzz-key"


class Input(NamedTuple):
    """A request as the service gets it, header names in lower case."""

    method: str
    path: str
    query: bytes
    headers: dict[str, bytes]
    body: bytes


def make_input(protocol: str, seed: int) -> Input:
    """The input of a seed, always the same."""
    chance = Random(seed)
    shape = (recorded(protocol, chance) if chance.random() < RECORDED_SHARE else None) or SHAPES[protocol](chance)
    for _ in range(chance.choice(MUTATIONS)):
        mutate_tree(shape.tree, chance, NAMES[protocol])
    headers = {"x-write-key": KEY.encode(), **_headers(shape, chance)}
    query, body = (_query(shape, chance), b"") if shape.in_query else (b"", _body(shape, chance))
    if not shape.in_query and protocol == "snowplow" and chance.random() < 0.1:
        query = _query(Shape(shape.path, SHAPES["native"](chance).tree | {"e": "pv", "aid": "shop"}), chance)
    if body and chance.random() < ENCODED_SHARE:
        encoding, body = as_encoded(body, chance)
        headers |= {name: value.encode() for name, value in encoding.items()}
    return Input(shape.method, shape.path, query, headers, body)


def _body(shape: Shape, chance: Random) -> bytes:
    body = as_text(text_of(shape.tree, is_ascii=chance.random() < 0.5), chance)
    return _damaged(body, chance)


def _query(shape: Shape, chance: Random) -> bytes:
    pairs = list(_flat(shape.tree))
    return _damaged("&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs).encode("latin-1"), chance)


def _flat(tree: Any, prefix: str = "") -> Any:
    """(name, text) of every value, inner names after dots."""
    for name, value in tree.items():
        if isinstance(value, dict) and len(prefix) < 200:
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, Embedded):
            yield f"{prefix}{name}", inner_text(value)
        else:
            yield f"{prefix}{name}", value if isinstance(value, str) and not isinstance(value, Token) else text_of(value)


def _quoted(text: str) -> str:
    return quote_plus(text, errors="surrogatepass")


def _damaged(data: bytes, chance: Random) -> bytes:
    if chance.random() < BYTE_SHARE:
        for _ in range(chance.choice((1, 1, 2, 4))):
            data = mutate_bytes(data, chance)
    return data


def _headers(shape: Shape, chance: Random) -> dict[str, bytes]:
    headers = {"user-agent": b"Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0.0.0"}
    for name, values in _HEADERS.items():
        if chance.random() < HEADER_SHARE:
            known = chance.choice(values)
            headers[name] = known if chance.random() < 0.7 else mutate_bytes(known, chance)
    return headers


_ODD = [text.encode("utf-8", "surrogatepass") for text in WEIRD_TEXTS]
_HEADERS: dict[str, list[bytes]] = {
    "user-agent": _ODD,
    "accept-language": [b"de-DE,de;q=0.9", *_ODD],
    "referer": [b"https://shop.example/?token=x"],
    "sec-ch-ua": [b'"Chromium";v="130"', b'"Headless', b'"Chromium";v="99999999999999999999"'],
    "sec-ch-ua-mobile": [b"?1", b"?0", b"?"],
    "sec-ch-ua-platform": [b'"Windows"', b"x"],
    "sec-gpc": [b"1", b"0", b"1, 1"],
    "dnt": [b"1", b"null"],
    "sp-anonymous": [b"*"],
    "anonymousid": [b64encode(b"a-1"), b64encode(b"\xff\xfe"), b"not base64", b"=", b"a" * 3000],
    "x-forwarded-for": [b"203.0.113.9", b"::1, 10.0.0.1", b"999.1.1.1", b",", b"fe80::1%eth0"],
    "content-type": [b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data"],
}
