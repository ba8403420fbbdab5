"""What kind of site a traffic source is: shopping, video, ai, search, social, email or nothing known.

Sources come as UTM values (`fb`, `google`, `m.youtube.com`) and as names or hosts of referrers.
"""

from __future__ import annotations

import re
from importlib.resources import files

import msgspec

from ingest_service.enrich.hosts import KnownHosts, bare

MAX_CHARS = 200

ENDING = re.compile(r"\.(?:(?:com|co|net|org)\.)?[a-z]{2,4}$")
SUBDOMAINS = re.compile(r"^(?:m|l|lm|smile|pages|search|out)\.")


class SourceList(msgspec.Struct):
    """`data/sources.json`: spellings in utm_source, sites of video, and shops and price comparisons without their ending."""

    aliases: dict[str, list[str]]
    video: frozenset[str]
    shopping: frozenset[str]


class Sources:
    """The kind of a source. Shopping and video come before social: a video site is not a network here."""

    def __init__(self, hosts: KnownHosts) -> None:
        self._hosts = hosts
        self._list = msgspec.json.decode(files(__package__).joinpath("data", "sources.json").read_bytes(), type=SourceList)
        self._aliases = {alias: kind for kind, aliases in self._list.aliases.items() for alias in aliases}

    def kind(self, source: str) -> str:
        """shopping, video, ai, search, social, email, paid, or empty."""
        name = bare(source.strip()[:MAX_CHARS])
        if not name:
            return ""
        return self._aliases.get(name) or self._by_site(name) or self._listed(name)

    def _listed(self, name: str) -> str:
        entry = self._hosts.by_source(name) or (self._hosts.find(name) if "." in name else None)
        return entry.medium if entry else ""

    def _by_site(self, name: str) -> str:
        site = SUBDOMAINS.sub("", name)
        if name in self._list.video or site in self._list.video:
            return "video"
        return "shopping" if site in self._list.shopping or ENDING.sub("", site) in self._list.shopping else ""
