"""One shopper's path, read from `shopper.json`, and what it must look like in raw.events whichever client told of it.

How a client says each step belongs to `idioms`; how a difference between protocols is excused to `differences`.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SHOP = "https://shop.example"
"""Where the path happens for clients that have no browser: pages then exist in what the client says alone."""


@cache
def shopper() -> dict[str, Any]:
    """The path: pages in order, each with what the shopper does on it."""
    path: dict[str, Any] = json.loads((HERE / "shopper.json").read_text())
    return path


def url_of(page: dict[str, Any], shop: str = SHOP) -> str:
    """Address of a page of the path."""
    query = page.get("query")
    return f"{shop}{page['path']}" + (f"?{query}" if query else "")


def expected_names() -> list[str]:
    """Canonical names of the path's events, sorted."""
    names = ["page_viewed" for _ in shopper()["pages"]]
    names += [CANONICAL[action["do"]] for page in shopper()["pages"] for action in page["actions"]]
    return sorted(names)


CANONICAL = {
    "list_view": "product_impression",
    "product_view": "product_viewed",
    "add_to_cart": "product_added",
    "search": "search_performed",
    "checkout_step": "checkout_step",
    "purchase": "order_completed",
}
"""What the shopper does -> the canonical event."""
