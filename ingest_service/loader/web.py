"""What a page's address tells: address without query and fragment, host, path, campaign and click ids.

Query strings carry personal data and tokens; nothing of one but the listed parameters leaves this module, and no e-mail address
that stands in a path or in one of them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from ingest_service.loader.personal import clean_text

CAMPAIGN_PARAMETERS = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
CLICK_ID_PARAMETERS = frozenset(
    {"gclid", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "ttclid", "twclid", "li_fat_id", "epik", "sccid", "irclickid"}
)
MAX_QUERY_FIELDS = 100
MAX_CACHED = 100_000


class Address(NamedTuple):
    """One page address, taken apart. `campaign` is (source, medium, name, term, content)."""

    url: str
    host: str
    path: str
    campaign: tuple[str, ...]
    click_ids: tuple[tuple[str, str], ...]


NO_CAMPAIGN = ("", "", "", "", "")
NOWHERE = Address("", "", "", NO_CAMPAIGN, ())


def parse_address(url: str) -> Address:
    """Take `url` apart. What is no absolute address keeps only what comes before its query."""
    if not url:
        return NOWHERE
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        bare = clean_text(url.split("?", 1)[0].split("#", 1)[0])
        return Address(bare.rpartition("@")[2] if "@" in bare else bare, "", "", NO_CAMPAIGN, ())
    if not host:
        path = clean_text(parts.path)
        return Address(path, "", path, *_parameters(parts.query))
    netloc = f"[{host}]" if ":" in host else host
    path = clean_text(parts.path) or "/"
    return Address(f"{parts.scheme}://{netloc}{port}{path}", host, path, *_parameters(parts.query))


def _parameters(query: str) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    if not query:
        return NO_CAMPAIGN, ()
    try:
        found = {name.lower(): value for name, value in reversed(parse_qsl(query, max_num_fields=MAX_QUERY_FIELDS))}
    except ValueError:
        return NO_CAMPAIGN, ()
    campaign = tuple(clean_text(found.get(name, "")) for name in CAMPAIGN_PARAMETERS)
    return campaign, tuple(sorted((name, value) for name, value in found.items() if name in CLICK_ID_PARAMETERS))


def kept_query(url: str, names: Collection[str]) -> str:
    """The query string of `url` with these parameters only, empty without them."""
    try:
        given = parse_qsl(urlsplit(url).query, max_num_fields=MAX_QUERY_FIELDS)
    except ValueError:
        return ""
    return urlencode([(name, clean_text(value)) for name, value in given if name in names])


class AddressBook:
    """Addresses by URL, taken apart once: a shop has far fewer pages than events. Emptied when it holds MAX_CACHED."""

    def __init__(self) -> None:
        self._known: dict[str, Address] = {"": NOWHERE}

    def __getitem__(self, url: str) -> Address:
        known = self._known.get(url)
        if known is None:
            if len(self._known) >= MAX_CACHED:
                self._known = {"": NOWHERE}
            known = self._known[url] = parse_address(url)
        return known
