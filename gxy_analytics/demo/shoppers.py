"""Who shops: a fixed, seeded population per shop, of which a few come often and most come once.

What they do when they come belongs to `behaviour.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from uuid import UUID, uuid5

from gxy_analytics.demo.people import LOCALES, MAIL_DOMAINS, NETWORKS
from gxy_analytics.demo.shops import Shop

REGISTERED_SHARE = 0.55
FOREIGN_SHARE = 0.06
VISITS_EXPONENT = 2.2  # a visitor's index is population * u^2.2: the first tenth of the population makes a third of the visits
DEVICES = (("mobile", 0.58), ("desktop", 0.36), ("tablet", 0.06))
BROWSERS = {
    "mobile": ("Safari", "Chrome", "Samsung Internet"),
    "desktop": ("Chrome", "Firefox", "Edge", "Safari"),
    "tablet": ("Safari", "Chrome"),
}
VIEWPORTS = {"mobile": "390x844", "desktop": "1440x900", "tablet": "820x1180"}


@dataclass(frozen=True)
class Shopper:
    """One invented person with a browser. `email` is the natural key of the customer."""

    index: int
    visitor: UUID
    device: str
    browser: str
    registered: bool
    loyalty: float  # 0..1, how likely a visit is with intent to buy
    email: str
    phone: str
    first_name: str
    last_name: str
    gender: str
    birth_date: date
    country: str
    region: str
    city: str
    postal_code: str
    accepts_marketing: bool
    ip_address: str
    card_fingerprint: str


class Population:
    """The shoppers of one shop, made when they first appear; shopper n is the same person on every day and in every run."""

    def __init__(self, shop: Shop, seed: str, namespace: UUID, size: int) -> None:
        self._shop = shop
        self._seed = seed
        self._namespace = namespace
        self._size = size
        self._known: dict[int, Shopper] = {}

    def visitor(self, rng: Random) -> Shopper:
        """Whoever comes next."""
        return self.shopper(int(self._size * rng.random() ** VISITS_EXPONENT))

    def shopper(self, index: int) -> Shopper:
        """Person `index`."""
        if index not in self._known:
            self._known[index] = self._make(index)
        return self._known[index]

    def _make(self, index: int) -> Shopper:
        rng = Random(f"{self._seed}/shopper/{index}")
        home = self._shop.country
        country = rng.choice([code for code in LOCALES if code != home]) if rng.random() < FOREIGN_SHARE else home
        locale = LOCALES[country]
        gender = rng.choice(("female", "male"))
        first, last = rng.choice(locale.women if gender == "female" else locale.men), rng.choice(locale.surnames)
        city, region, postal = rng.choice(locale.places)
        device = rng.choices([name for name, _ in DEVICES], [share for _, share in DEVICES])[0]
        visitor = uuid5(self._namespace, f"visitor/{index}")
        return Shopper(
            index=index,
            visitor=visitor,
            device=device,
            browser=rng.choice(BROWSERS[device]),
            registered=rng.random() < REGISTERED_SHARE,
            loyalty=rng.betavariate(1.2, 5),
            email=f"{first}.{last}.{visitor.hex[:8]}@{rng.choice(MAIL_DOMAINS)}".lower(),
            phone=f"{locale.phone_prefix}{index % 10_000:04d}",
            first_name=first,
            last_name=last,
            gender=gender,
            birth_date=date(1950, 1, 1) + timedelta(days=rng.randrange(55 * 365)),
            country=country,
            region=region,
            city=city,
            postal_code=f"{postal}{rng.randrange(10, 99)}",
            accepts_marketing=rng.random() < 0.4,
            ip_address=f"{rng.choice(NETWORKS)}.{rng.randrange(1, 255)}",
            card_fingerprint=uuid5(self._namespace, f"card/{index}").hex,
        )
