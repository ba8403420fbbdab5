"""Where a page's visitor came from, by the referrer alone: medium, source, search term.

Campaign parameters and click ids count more and are read in `channels`.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from ingest_service.enrich.hosts import Entry, KnownHosts, bare

DIRECT, INTERNAL, REFERRAL = "direct", "internal", "referral"
SCHEMES = frozenset({"http", "https", "android-app", "ios-app"})
MAX_CHARS = 2048  # of a referrer; the rest is not looked at
MAX_QUERY_FIELDS = 100
MAX_TERM_CHARS = 200
SECRET_TERMS = frozenset({"(not provided)", "not provided"})
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Referrer(NamedTuple):
    """`medium` is direct, internal, search, social, email, ai, paid, referral, or empty where there is no page."""

    medium: str
    source: str
    term: str


NOWHERE = Referrer("", "", "")
STRAIGHT = Referrer(DIRECT, "", "")


class Referrers:
    """Reads referrers against the list of known hosts."""

    def __init__(self, hosts: KnownHosts) -> None:
        self._hosts = hosts

    def read(self, referrer: str, page_host: str) -> Referrer:
        """Medium, source and term of `referrer`, seen on a page of `page_host`. Never raises: an unreadable one is none.

        Internal is the page's own host, a subdomain of it, or the domain that it is a subdomain of; `www.` does not count.
        """
        host, query = _host_and_query(referrer[:MAX_CHARS])
        if not host:
            return STRAIGHT if page_host else NOWHERE
        if _is_same_site(host, bare(page_host)):
            return Referrer(INTERNAL, host, "")
        entry = self._hosts.find(host)
        if entry is None:
            return Referrer(REFERRAL, host, "")
        return Referrer(entry.medium, entry.source, _term(entry, query))


def _host_and_query(referrer: str) -> tuple[str, str]:
    """The host, bare, and the query string; both empty for what is no address of a page or an app."""
    if not referrer:
        return "", ""
    try:
        parts = urlsplit(referrer)
        host = parts.hostname or ""
    except ValueError:
        return "", ""
    return (bare(host), parts.query) if parts.scheme in SCHEMES and host else ("", "")


def _is_same_site(host: str, page_host: str) -> bool:
    if not page_host:
        return False
    return host == page_host or host.endswith("." + page_host) or ("." in host and page_host.endswith("." + host))


def _term(entry: Entry, query: str) -> str:
    if not query or not entry.params:
        return ""
    try:
        given = dict(parse_qsl(query, max_num_fields=MAX_QUERY_FIELDS))
    except ValueError:
        return ""
    term = next((given[name] for name in entry.params if given.get(name)), "")
    term = CONTROL.sub(" ", term).strip()[:MAX_TERM_CHARS]
    return "" if term.lower() in SECRET_TERMS else term
