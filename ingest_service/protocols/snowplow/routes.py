"""Which paths are Snowplow's, and where a request of theirs names its write key. Bodies belong to `envelope`.

Trackers know no authentication: beside a header of one's own a key can only be in the path, the host, the query or the app id.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from litestar.types import HTTPScope

from ingest_service.answers import RefusalError
from ingest_service.request import Headers

PIXELS = frozenset({"/i", "/ice.png"})
MAX_QUERY_FIELDS = 200
OWN_PARAMETERS = frozenset({"key"})  # of ours in the query, not of the tracker

# `/{vendor}/{version}` of Iglu, where a vendor is a reversed domain; or a write key before `/tp2`. First parts of other
# families hold no dot. Snowplow's own `/r/tp2` redirects wherever it is told to: it is not served.
_VENDOR = re.compile(r"/[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+/[A-Za-z0-9_.-]+")
_KEYED = re.compile(r"/(?!(?:r|v1|api|schema)/)([A-Za-z0-9_-]+)/tp2")
_KEY_LABEL = re.compile(rb"([0-9a-f]{32})\.")


def is_vendor_path(path: str) -> bool:
    """`/com.snowplowanalytics.snowplow/tp2`, `/{write_key}/tp2`, and any postPath of two parts whose first has a dot."""
    return path.count("/") == 2 and (_KEYED.fullmatch(path) is not None or _VENDOR.fullmatch(path) is not None)


def early_key(scope: HTTPScope, headers: Headers, query: dict[str, str]) -> str | bytes | None:
    """The write key outside of the body and of the app id: header, query, path, first label of the host.

    `query` holds the last of repeated parameters, as the tracker protocol has it.
    """
    if found := headers.get(b"x-write-key") or query.get("key"):
        return found
    if keyed := _KEYED.fullmatch(scope["path"]):
        return keyed[1]
    label = _KEY_LABEL.match(headers.get(b"host", b""))
    return label[1] if label else None


def pairs_of(scope: HTTPScope) -> list[tuple[str, str]]:
    """The parameters of the request's query, in order."""
    return query_pairs(scope["query_string"].decode("latin-1")) if scope["query_string"] else []


def query_pairs(query: str) -> list[tuple[str, str]]:
    """The query's parameters in order. What is no UTF-8 becomes U+FFFD. Raises RefusalError over MAX_QUERY_FIELDS."""
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS)
    except ValueError as error:
        detail = f"the query has more than {MAX_QUERY_FIELDS} parameters."
        raise RefusalError(400, "too_many_parameters", detail) from error


def told(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The parameters that say something of the events."""
    return [pair for pair in pairs if pair[0] not in OWN_PARAMETERS]
