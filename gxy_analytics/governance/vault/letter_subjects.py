"""Who a dead letter may be about: hashes of the ids and e-mail addresses that can be read in it, so that erasure finds it sealed.

A letter is what could not be read as an event, so ids are looked for by name in its text. One too many costs a letter that is
erased with a person it only mentions. How an id that could be read becomes a column belongs to the loader.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, unquote

from gxy_analytics.governance.normalisation import normalise_email
from gxy_analytics.governance.suppressions import ANONYMOUS, CUSTOMER, identity_hash
from gxy_analytics.governance.vault.letters import LetterContent, LetterSeal

CUSTOMERS = frozenset({"user_id", "userid", "uid", "previous_id", "previousid"})
BROWSERS = frozenset({"anonymous_id", "anonymousid", "network_id", "duid", "nuid", "tnuid", "previous_id", "previousid"})
BROWSER_NOTES = ("gxy-visitor", "gxy-anonymous-id")
"""Headers in which the door notes a browser: its pseudonym of the day, or the id a protocol sends beside the body."""
QUERY_NOTE = "gxy-query"
"""Header in which the door notes the parameters of a query."""
_ID = re.compile(
    r'"(user_?id|uid|anonymous_?id|network_id|duid|t?nuid|previous_?id)"\s*:\s*("(?:[^"\\]|\\.){1,1000}"|-?\d{1,40})',
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]{1,64}(?:@|%40)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")

CustomerPid = Callable[[str, str], str]


def subjects_of(tenant_id: str, content: LetterContent, pid: CustomerPid, seal: LetterSeal) -> list[str]:
    """Hashes of everybody who can be read in the letter, sorted: identity hashes, and keyed hashes of addresses."""
    text, query = content.raw.decode("utf-8", "replace"), content.headers.get(QUERY_NOTE, "")
    notes = [content.headers[note] for note in BROWSER_NOTES if note in content.headers]
    found = {identity_hash(tenant_id, ANONYMOUS, note) for note in notes}
    for name, value in (*_ids(text), *_parameters(query)):
        if name in BROWSERS:
            found.add(identity_hash(tenant_id, ANONYMOUS, value))
        if name in CUSTOMERS:
            found.add(identity_hash(tenant_id, CUSTOMER, pid(tenant_id, value)))
    for address in _ADDRESS.findall(f"{text} {query}"):
        found.add(seal.address_hash(tenant_id, normalise_email(unquote(address))))
    return sorted(found)


def _ids(text: str) -> Iterator[tuple[str, str]]:
    for name, literal in _ID.findall(text):
        try:
            value = json.loads(literal, strict=False)
        except ValueError:
            continue
        # A lone surrogate, which JSON can escape, is no text.
        yield name.lower(), str(value).encode("utf-8", "replace").decode()


def _parameters(query: str) -> Iterator[tuple[str, str]]:
    for name, values in parse_qs(query).items():
        for value in values:
            yield name.lower(), value
