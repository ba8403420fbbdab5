"""Who is named in a body that could not be read as an event: ids by the names of their fields, in JSON, forms and base64.

What is done about it belongs to the callers: the loader's suppression, a letter's subjects, erasure. Nothing is decompressed.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, unquote_plus

BROWSER_NOTES = ("gxy-visitor", "gxy-anonymous-id")
"""Headers in which the door notes a browser: its pseudonym of the day, or the id a protocol sends beside the body."""
QUERY_NOTE = "gxy-query"
"""Header in which the door notes the parameters of a query."""
CUSTOMERS = frozenset({"userid", "uid", "customerid", "previousid"})
"""Fields of the native protocol, Segment's and Snowplow's, in lower case without underscores. An alias replaces either kind."""
BROWSERS = frozenset({"anonymousid", "networkid", "duid", "nuid", "tnuid", "previousid"})
MAX_ID = 2048  # as written, escapes included: longer ones are no ids
MAX_BARE_ID = 256
MAX_FORM_FIELDS = 10_000  # a body with more is no form

_NAMES = r"(user_?id|uid|customer_?id|anonymous_?id|network_?id|duid|t?nuid|previous_?id)"
_MEMBER = re.compile(rf'"{_NAMES}"\s*:\s*("(?:[^"\\]|\\.){{1,{MAX_ID}}}"|-?\d{{1,40}})', re.IGNORECASE)
_TORN = re.compile(rf"""\b{_NAMES}["']?\s*[:=]\s*["']?([^"'&,}}\s]{{1,{MAX_BARE_ID}}})""", re.IGNORECASE)
# Nothing is given back (`*+`): of what cannot match each character is looked at once.
_JSON_IN_JSON = re.compile(r'"(?:[^"\\]|\\[^"])*+\\"(?:[^"\\]|\\.)*+(?:"|\\?$)', re.DOTALL)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}")
_ENCODED = re.compile("%2[2BF]", re.IGNORECASE)  # a quotation mark, or what base64 has
_ESCAPED = re.compile(r"(?:\\u[0-9a-fA-F]{4})+|\\.", re.DOTALL)  # of surrogates both at once
_STANDARD = str.maketrans("-_", "+/")

_decode = json.JSONDecoder(strict=False).decode  # json.loads makes a decoder for each value: five times as slow


@dataclass(slots=True)
class Named:
    """Ids as a client sends them."""

    customers: set[str] = field(default_factory=set)
    browsers: set[str] = field(default_factory=set)

    def add(self, name: str, value: str) -> None:
        """Take an id, by the name of its field; other fields are nobody's."""
        plain = name.lower().replace("_", "")
        # A lone surrogate, which JSON can escape, is no text.
        value = value.encode("utf-8", "replace").decode()
        if value and plain in CUSTOMERS:
            self.customers.add(value)
        if value and plain in BROWSERS:
            self.browsers.add(value)


def named_in(body: bytes, headers: Mapping[str, str], *, loosely: bool) -> Named:
    """Who is named in a body, in members of JSON and fields of a form at any depth, and in what its spool record notes beside it.

    `loosely` what may be an id counts as well: values that are torn, or in no form that is known. One too many costs a letter,
    erased with a person it only mentions. An access report shows a letter in which she alone is named: there it is not `loosely`.
    """
    return named_in_readings(readings(body.decode("utf-8", "replace"), loosely=loosely), headers, loosely=loosely)


def named_in_readings(texts: Iterable[str], headers: Mapping[str, str], *, loosely: bool) -> Named:
    """As `named_in`, where the `readings` of the body are at hand."""
    found = _named(texts, loosely)
    for note in BROWSER_NOTES:
        if note in headers:
            found.browsers |= {headers[note], *_decoded(headers[note])} if loosely else {headers[note]}
    for name, value in parse_qsl(headers.get(QUERY_NOTE, "")):
        found.add(name, value)
    return found


def readings(text: str, *, loosely: bool) -> list[str]:
    """The text as it is, what is JSON in its JSON or percent-encoded, and what is base64 in any of these."""
    plain = _opened([text], loosely)
    inside = (decoded for one in plain for token in _BASE64.findall(one) for decoded in _decoded(token))
    return list(dict.fromkeys([*plain, *_opened(inside, loosely)]))


def _named(texts: Iterable[str], loosely: bool) -> Named:
    found = Named()
    for text in texts:
        for name, literal in dict.fromkeys(_MEMBER.findall(text)):
            if (value := _value(literal)) is not None:
                found.add(name, value)
        for name, value in _form(text):
            found.add(name, value)
        if loosely:
            for name, token in dict.fromkeys(_TORN.findall(text)):
                found.add(name, token)
                found.add(name, unquote_plus(token))
    return found


def _opened(texts: Iterable[str], loosely: bool) -> list[str]:
    found: dict[str, None] = {}
    for text in texts:
        whole = [text, unquote(text)] if _ENCODED.search(text) or (loosely and "%" in text) else [text]
        for one in _unescaped(whole, loosely):
            found[one] = None
            if '\\"' in one:
                inner = filter(None, map(_value, dict.fromkeys(_JSON_IN_JSON.findall(one))))
                found |= dict.fromkeys(_unescaped(inner, loosely))
                found |= {one.replace("\\", ""): None} if loosely else {}
    return list(found)


def _unescaped(texts: Iterable[str], loosely: bool) -> Iterator[str]:
    for text in texts:
        plain = _with_fewer_escapes(text)
        yield plain
        if loosely and plain != text:
            yield text  # it may be no JSON


def _with_fewer_escapes(text: str) -> str:
    """The same JSON with only those escapes that it needs: PHP escapes each slash, of base64 as well, and some escape each @."""
    return _ESCAPED.sub(_character, text) if "\\u" in text or "\\/" in text else text


def _character(escape: re.Match[str]) -> str:
    literal = escape[0]
    if len(literal) > 2:
        return str(_decode(f'"{literal}"')).replace("\\", "\\\\").replace('"', '\\"')
    return "/" if literal == "\\/" else literal


def _value(literal: str) -> str | None:
    """What a literal of JSON says; one that the end of the text has torn as far as it goes."""
    for whole in (literal, literal.removesuffix("\\") + '"'):
        try:
            return str(_decode(whole))
        except ValueError:
            continue
    return None


def _form(text: str) -> Iterator[tuple[str, str]]:
    if "=" in text and text.count("&") < MAX_FORM_FIELDS:
        yield from parse_qsl(text)


def _decoded(token: str) -> Iterator[str]:
    """What base64 of either alphabet says, padded or not; of a torn one all but its last characters."""
    bare = token.rstrip("=")
    bare = bare[:-1] if len(bare) % 4 == 1 else bare
    try:
        yield base64.b64decode(bare.translate(_STANDARD) + "=" * (-len(bare) % 4)).decode(errors="ignore")
    except (binascii.Error, ValueError):
        return
