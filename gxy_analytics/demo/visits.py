"""One visit to a shop, step by step: the clock, the basket, and the events a tracker would send.

Which steps a visitor takes belongs to `behaviour.py`; the wire form of an event to `wire.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from uuid import UUID, uuid5

from gxy_analytics.demo.catalogue import Catalogue, Product, slugify
from gxy_analytics.demo.money import as_decimal
from gxy_analytics.demo.orders import Order
from gxy_analytics.demo.shoppers import Shopper


@dataclass(frozen=True, slots=True)
class Item:
    """A product as an event shows it; `position` counts from 1 in a list, 0 elsewhere."""

    product: Product
    quantity: int = 1
    position: int = 0


@dataclass(slots=True)
class Event:
    """Something a visitor did. `user` is set once the visitor is logged in; `fields` are envelope fields as sent."""

    event_id: UUID
    name: str
    at_ms: int
    shopper: Shopper
    session: UUID
    sequence: int
    user: Shopper | None
    fields: dict[str, object]
    items: tuple[Item, ...] = ()
    order: Order | None = None


class ClosingTime(Exception):  # noqa: N818 - not an error: the simulation ends here
    """The visit runs past the end of the simulated world."""


@dataclass
class Visit:
    """The state of a visit. `key` names it among all visits of the shop; times are epoch milliseconds."""

    key: str
    namespace: UUID
    catalogue: Catalogue
    shopper: Shopper
    rng: Random
    clock_ms: int
    until_ms: int
    user: Shopper | None = None
    basket: dict[int, int] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.session = uuid5(self.namespace, f"session/{self.key}")
        self.cart_id = self.session.hex[:16]
        self.host = f"https://{self.catalogue.shop.slug}.example.com"

    def pause(self, low: float, high: float) -> None:
        """Let between `low` and `high` seconds pass."""
        self.clock_ms += int(self.rng.uniform(low, high) * 1000)

    def say(
        self, name: str, path: str, title: str, *, items: Sequence[Item] = (), order: Order | None = None, **fields: object
    ) -> None:
        """Send one event from the page at `path`; raises ClosingTime when the world has ended."""
        if self.clock_ms >= self.until_ms:
            raise ClosingTime
        number = len(self.events)
        page = {"url": f"{self.host}{path}", "title": title}
        if number == 0 and (referrer := fields.pop("referrer", None)):
            page["referrer"] = str(referrer)
        self.events.append(
            Event(
                event_id=uuid5(self.namespace, f"event/{self.key}/{number}"),
                name=name,
                at_ms=self.clock_ms,
                shopper=self.shopper,
                session=self.session,
                sequence=number + 1,
                user=self.user,
                fields={"page": page, **fields},
                items=tuple(items),
                order=order,
            )
        )

    def look_at_list(self, category: int, products: Sequence[Product], term: str = "") -> Product | None:
        """Open a list, see its first products, and click one of them (or none: None)."""
        name = self.catalogue.categories[category]
        path = f"/search?q={term}" if term else f"/c/{slugify(name)}"
        title = f"Search: {term}" if term else name
        self.say("page_viewed", path, title)
        if term:
            self.say("search_performed", path, title, search={"query": term, "result_count": len(products)})
        if not products:
            return None
        self.pause(0.2, 1.5)
        shown = [Item(product, position=i + 1) for i, product in enumerate(products[: self.rng.randint(3, 6)])]
        listing: Mapping[str, str] = {"list_id": f"{'search' if term else 'category'}-{slugify(term or name)}", "name": title}
        self.say("product_impression", path, title, items=shown, list=listing)
        self.pause(3, 40)
        if self.rng.random() < 0.15:
            return None
        clicked = shown[int(len(shown) * self.rng.random() ** 1.6)]  # the first places get most of the clicks
        self.say("product_clicked", path, title, items=[clicked], list=listing)
        return clicked.product

    def look_at(self, product: Product) -> None:
        """Open a product's page and read it."""
        self.pause(0.3, 2)
        path = self.product_path(product)
        self.say("page_viewed", path, product.name)
        self.say("product_viewed", path, product.name, items=[Item(product)])
        self.pause(8, 90)

    def add(self, product: Product) -> None:
        """Put `product` into the cart, mostly once."""
        quantity = self.rng.choices((1, 2, 3, 4), (78, 15, 5, 2))[0]
        self.basket[product.index] = self.basket.get(product.index, 0) + quantity
        self.say("product_added", self.product_path(product), product.name, items=[Item(product, quantity)], cart=self.cart())
        self.pause(2, 30)

    def remove_one(self) -> None:
        """Take one product out of the cart."""
        index = self.rng.choice(sorted(self.basket))
        quantity = self.basket.pop(index)
        self.say("product_removed", "/cart", "Cart", items=[Item(self.catalogue.products[index], quantity)], cart=self.cart())
        self.pause(2, 20)

    def cart(self) -> dict[str, object]:
        """The cart as events show it."""
        value = sum(self.catalogue.products[i].price * quantity for i, quantity in self.basket.items())
        return {"cart_id": self.cart_id, "value": as_decimal(value), "currency": self.catalogue.shop.currency}

    def cart_items(self) -> list[Item]:
        """What is in the cart."""
        return [Item(self.catalogue.products[i], quantity) for i, quantity in self.basket.items()]

    def product_path(self, product: Product) -> str:
        return f"/p/{slugify(product.name)}-{product.index + 1}"
