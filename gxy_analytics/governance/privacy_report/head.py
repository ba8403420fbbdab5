"""The head of a report: which shop, which person, found how and when. The data itself belongs to `rows`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.privacy_report.rows import Identities
from gxy_analytics.governance.retention.periods import period_of, read_choices
from gxy_analytics.governance.retention.rules import rules
from gxy_analytics.governance.subjects.subjects import Subject
from gxy_analytics.governance.suppressions import ANONYMOUS, CUSTOMER, identity_hash
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.beside import beside
from gxy_analytics.warehouse.client import read_sql

SHORT = 16
"""Characters of an identity's hash that stand for it in audit rows."""


@dataclass(frozen=True)
class Shop:
    """The shop that answers for the data. One that the warehouse does not know any more is named by its slug."""

    tenant_id: str
    name: str
    country: str
    zone: ZoneInfo


@dataclass(frozen=True)
class Head:
    """What a report begins with. `found_by` is the field that named the person, without its value.

    `products`: name and sku by product_id. `periods`: how long the shop keeps what, by retention rule.
    """

    report_id: UUID
    made_at: datetime
    shop: Shop
    subject: Subject
    found_by: str
    tombstones: tuple[str, ...]
    products: dict[int, tuple[str, str]]
    periods: dict[str, str]

    @property
    def customers(self) -> tuple[str, ...]:
        """Pseudonyms, and what stands for them in orders kept after an erasure."""
        return (*self.subject.customer_pids, *self.tombstones)

    @property
    def hashes(self) -> tuple[str, ...]:
        """One a pseudonym and a browser, the pseudonyms first."""
        return identity_hashes(self.subject)

    def found(self, address_hashes: tuple[str, ...] = ()) -> Identities:
        """What the rows are found by: hashes whole and short, and those that dead letters know her e-mail address by."""
        hashes = (*self.hashes, *(one[:SHORT] for one in self.hashes), *address_hashes)
        return Identities(self.subject.tenant_id, self.customers, self.subject.anonymous_ids, hashes)


def read_head(client: Client, settings: Settings, subject: Subject, found_by: str) -> Head:
    """Look up the shop, the names of what was ordered, and what an earlier erasure left."""
    hashes = identity_hashes(subject)[: len(subject.customer_pids)]
    tombstones = tuple(row[0] for row in _rows(client, "tombstones.sql", subject, hashes=hashes))
    products = _rows(client, "products.sql", subject, customers=(*subject.customer_pids, *tombstones))
    return Head(
        report_id=uuid4(),
        made_at=datetime.now(UTC),
        shop=_shop(client, subject.tenant_id),
        subject=subject,
        found_by=found_by,
        tombstones=tombstones,
        products={product_id: (name, sku) for product_id, name, sku in products},
        periods=_periods(client, settings, subject.tenant_id),
    )


def identity_hashes(subject: Subject) -> tuple[str, ...]:
    """Hashes of the pseudonyms, then of the browsers."""
    pids = (identity_hash(subject.tenant_id, CUSTOMER, pid) for pid in subject.customer_pids)
    return (*pids, *(identity_hash(subject.tenant_id, ANONYMOUS, one) for one in subject.anonymous_ids))


def _rows(client: Client, name: str, subject: Subject, **ids: Iterable[str]) -> Sequence[Sequence[Any]]:
    bound = {"tenant_id": subject.tenant_id}
    return client.query(read_sql(__package__, name), parameters=bound, external_data=beside(**ids)).result_rows


def _shop(client: Client, tenant_id: str) -> Shop:
    rows = client.query(read_sql(__package__, "shop.sql"), parameters={"tenant_id": tenant_id}).result_rows
    name, country, timezone = rows[0] if rows else (tenant_id, "", "UTC")
    return Shop(tenant_id, name, country, ZoneInfo(timezone))


def _periods(client: Client, settings: Settings, tenant_id: str) -> dict[str, str]:
    choices = read_choices(client)
    periods = {rule.name: str(period_of(rule, tenant_id, settings, choices)) for rule in rules() if rule.has_period}
    return periods | {"spool": f"{settings.spool_retention_hours} hours"}
