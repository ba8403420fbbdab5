"""Where a call happened: the page of its context, and of a page or screen call what its own properties say of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingest_service.loader.event import Page

DIRECT = "$direct"  # RudderStack's word for no referrer
DERIVED = (
    "tab_url",
    "referring_domain",
    "initial_referrer",
    "initial_referring_domain",
)  # RudderStack's; they hold query strings


def page_of(fields: Mapping[str, Any]) -> Page | None:
    """The page of url, path, search, title, referrer and type; None where nothing is said."""
    if not fields:
        return None
    referrer = fields.get("referrer")
    return Page(
        url=_address(fields.get("url") or fields.get("path"), fields.get("search")),
        title=fields.get("title"),
        referrer=None if referrer == DIRECT else referrer,
        type=fields.get("type"),
    )


def _address(url: str | None, search: str | None) -> str | None:
    """The address with its query, which campaigns and click ids are read from."""
    if not url or not search or "?" in url:
        return url
    return f"{url.partition('#')[0]}?{search.removeprefix('?')}"
