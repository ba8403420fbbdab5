"""The products of a call as items: those of `products`, and the one that the properties themselves describe."""

from __future__ import annotations

from typing import Any

from ingest_service.loader.event import Item
from ingest_service.loader.segment.fill import Filled, Given, fill
from ingest_service.loader.segment.layouts import ITEM, PRODUCT_LAYOUT

PRODUCTS = "products"
POINTER = "/properties/products"


def items_of(filled: Filled, currency: str | None) -> list[Item]:
    """The items, in `currency` where they name none. What has no field stays in the rest, under the product's position."""
    own = filled.parts.pop(ITEM, None)
    found = [_item(own, currency)] if own else []
    given = filled.rest.pop(PRODUCTS, None)
    if isinstance(given, dict):
        given = [given]
    if isinstance(given, list):
        spare = _read_products(given, currency, found, filled.warnings)
        if spare:
            filled.rest[PRODUCTS] = spare
    elif given is not None:
        filled.warnings.append(f"invalid:{POINTER}")
        filled.rest[PRODUCTS] = given
    return found


def _read_products(given: list[Any], currency: str | None, found: list[Item], warnings: list[str]) -> Given:
    """Append the products that can be read, and return what they say beside an item's fields, by position."""
    spare: Given = {}
    for position, product in enumerate(given):
        if not isinstance(product, dict):
            warnings.append(f"invalid:{POINTER}")
            spare[str(position)] = product
            continue
        read = Filled()
        fill(product, PRODUCT_LAYOUT, POINTER, read)
        warnings += read.warnings
        if read.rest:
            spare[str(position)] = read.rest
        found.append(_item(read.parts.get(ITEM, {}), currency))
    return spare


def _item(fields: Given, currency: str | None) -> Item:
    fields.setdefault("currency", currency)
    return Item(**fields)
