"""What the registry says of one event type, and how its paths are read. The types themselves are in the modules beside this one.

A path names a field of the native event: `page.url`, `user_id`, `items[].product_id` (of every item).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

OR = "|"
LIST = "[]"


class Path(NamedTuple):
    """One path: the top field, the field inside it (empty for a top field itself), and whether the top field is a list."""

    top: str
    leaf: str
    is_list: bool

    @property
    def pointer(self) -> str:
        """JSON pointer into the event, without positions: `/items/product_id`. It is what a warning names."""
        return f"/{self.top}/{self.leaf}" if self.leaf else f"/{self.top}"


@dataclass(frozen=True, slots=True)
class EventType:
    """One event type. A change of `required` or `optional` takes a new `version` (a test holds on to the old ones).

    `required` entries may offer a choice, `order.order_id|cart.cart_id`: a warning then names the first.
    """

    name: str
    version: int
    description: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    @property
    def choices(self) -> tuple[tuple[Path, ...], ...]:
        """The required paths: of each group one must be there."""
        return tuple(tuple(parse_path(text) for text in group.split(OR)) for group in self.required)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every path that the type names."""
        return tuple(path for group in self.choices for path in group) + tuple(parse_path(text) for text in self.optional)


def parse_path(text: str) -> Path:
    """`items[].product_id` as (items, product_id, True)."""
    top, _, leaf = text.partition(".")
    return Path(top.removesuffix(LIST), leaf, top.endswith(LIST))
