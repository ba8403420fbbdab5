"""Who is named in a body that could not be read as an event: found by the names of fields, at any depth, in broken JSON too.

What is done about it is decided in `suppression`. A body that is compressed or no JSON names nobody here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import msgspec

from ingest_service.loader.segment.ids import header_anonymous_id
from ingest_service.loader.values import parse_instant
from ingest_service.privacy import VISITOR_NOTE
from ingest_service.protocols.segment.routes import ANONYMOUS_ID_NOTE
from ingest_service.protocols.snowplow.wire import QUERY_NOTE

# Names of fields in the native protocol, Segment's and Snowplow's, by what they hold.
USERS = frozenset({"user_id", "userId", "uid"})
ANONYMOUS = frozenset({"anonymous_id", "anonymousId", "network_id", "duid", "nuid", "tnuid"})
EITHER = frozenset({"previous_id", "previousId"})  # an alias may replace a browser's id or a customer's
INSTANTS = frozenset({"time", "true_time", "timestamp", "originalTimestamp", "dtm", "ttm"})
MAX_ID_BYTES = 2048  # as written, escapes included: longer ones are no ids
_NAMES = "|".join(sorted(USERS | ANONYMOUS | EITHER | INSTANTS))
_FIELD = re.compile(rf'"({_NAMES})"\s*:\s*("(?:[^"\\]|\\.){{0,{MAX_ID_BYTES}}}"|-?\d+)'.encode())

_decode = msgspec.json.Decoder(str | int).decode


@dataclass(slots=True)
class Named:
    """Ids as a client sends them, and the instants (ms since the epoch) that the body names."""

    users: set[str] = field(default_factory=set)
    anonymous: set[str] = field(default_factory=set)
    instants_ms: list[int] = field(default_factory=list)


def named_in(body: bytes, headers: Mapping[str, str]) -> Named:
    """Who is named in `body`, and in what its spool record says beside it."""
    found = Named()
    for name, value in (*_fields(body), *_noted(headers)):
        if name in INSTANTS:
            instant = parse_instant(value)
            found.instants_ms += [] if instant is None else [instant]
            continue
        if name in USERS or name in EITHER:
            found.users.add(str(value))
        if name in ANONYMOUS or name in EITHER:
            found.anonymous.add(str(value))
    return found


def _fields(body: bytes) -> Iterator[tuple[str, str | int]]:
    for name, value in _FIELD.findall(body):
        try:
            yield name.decode(), _decode(value)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue


def _noted(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """A cookieless visitor, the anonymous id of Segment's header, the query of a Snowplow POST."""
    if VISITOR_NOTE in headers:
        yield "anonymous_id", headers[VISITOR_NOTE]
    if told := header_anonymous_id(headers.get(ANONYMOUS_ID_NOTE, "")):
        yield "anonymous_id", told
    yield from parse_qsl(headers.get(QUERY_NOTE, ""))
