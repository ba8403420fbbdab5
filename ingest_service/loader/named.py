"""Who is named in a body that could not be read as an event, and when it says that it happened.

The ids are read by `governance.letter_names`, as erasure reads them; what is done about it is decided in `suppression`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

import msgspec

from gxy_analytics.governance.letter_names import QUERY_NOTE, named_in
from ingest_service.loader.values import parse_instant

# Names of fields in the native protocol, Segment's and Snowplow's.
INSTANTS = frozenset({"time", "true_time", "timestamp", "originalTimestamp", "dtm", "ttm"})
MAX_INSTANT_BYTES = 2048
_INSTANT = re.compile(rf'"({"|".join(sorted(INSTANTS))})"\s*:\s*("(?:[^"\\]|\\.){{0,{MAX_INSTANT_BYTES}}}"|-?\d+)'.encode())

_decode = msgspec.json.Decoder(str | int).decode


@dataclass(frozen=True, slots=True)
class Letter:
    """Ids as a client sends them, and the instants (ms since the epoch) that the body names."""

    users: frozenset[str]
    anonymous: frozenset[str]
    instants_ms: tuple[int, ...]


def read_letter(body: bytes, headers: Mapping[str, str]) -> Letter:
    """Who may be named in `body`, and in what its spool record says beside it: whoever erasure would find there."""
    named = named_in(body, headers, loosely=True)
    told = (*_instants(body), *parse_qsl(headers.get(QUERY_NOTE, "")))
    instants = (parse_instant(value) for name, value in told if name in INSTANTS)
    return Letter(frozenset(named.customers), frozenset(named.browsers), tuple(one for one in instants if one is not None))


def _instants(body: bytes) -> Iterator[tuple[str, str | int]]:
    for name, value in _INSTANT.findall(body):
        try:
            yield name.decode(), _decode(value)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
