"""The list of hosts that send visitors: which one is a search engine, network, mail service, assistant or advertising server.

The data lies in `data/` with its licence. What a referrer means for a page is decided in `referrers`.
"""

from __future__ import annotations

import re
from importlib.resources import files

import msgspec

DATA = ("matomo.json", "ours.json")  # a later file's word counts
WWW = re.compile(r"^www\d?\.")
COUNTRY = "[a-z]{2}"
COUNTRY_ENDING = re.compile(r"\.(?:(?:com|org|net|co|it|edu)\.)?[a-z]{2}$|\.com$")
COUNTRY_START = re.compile(r"^[a-z]{2}\.")
EVERY_COUNTRY = "{}"


class Entry(msgspec.Struct, frozen=True):
    """One sender. `hosts` may hold `{}` for a country at either end; `params` are query parameters with the search term."""

    medium: str
    source: str
    hosts: list[str]
    params: list[str] = []


def bare(host: str) -> str:
    """The host in lower case without `www.` and a final dot."""
    return WWW.sub("", host.lower().rstrip("."))


class KnownHosts:
    """Entries by host. Search engines are known by their exact host, everybody else by subdomains too.

    So `mail.google.com` is mail and `docs.google.com` no search.
    """

    def __init__(self) -> None:
        self._exact: dict[str, Entry] = {}
        self._with_subdomains: dict[str, Entry] = {}
        self._sources: dict[str, Entry] = {}
        for name in DATA:
            for entry in msgspec.json.decode(files(__package__).joinpath("data", name).read_bytes(), type=list[Entry]):
                self._sources.setdefault(entry.source.lower(), entry)
                table = self._exact if entry.medium == "search" else self._with_subdomains
                for host in entry.hosts:
                    table[host] = entry

    def find(self, host: str) -> Entry | None:
        """Who `host` is, or None."""
        host = bare(host)
        return self._with_subdomains.get(host) or self._search(host) or self._parent(host)

    def by_source(self, name: str) -> Entry | None:
        """The entry of this name (`google`, `facebook`, …), in any case."""
        return self._sources.get(name.lower())

    def _search(self, host: str) -> Entry | None:
        found = self._exact.get(host)
        if found is None:
            found = self._exact.get(COUNTRY_ENDING.sub("." + EVERY_COUNTRY, host))
        if found is None:
            found = self._exact.get(COUNTRY_START.sub(EVERY_COUNTRY + ".", host))
        return found

    def _parent(self, host: str) -> Entry | None:
        labels = host.split(".")
        for cut in range(1, min(len(labels) - 1, 8)):
            found = self._with_subdomains.get(".".join(labels[cut:]))
            if found is not None:
                return found
        return None
