"""A warehouse with people in every table, for the erasure tests: backend, loader and dbt over one server of its own.

Anna of acme is erased; Cleo shares a tablet with her; Bo is another tenant's. What is proved is in the tests.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from clickhouse_connect.driver.client import Client
from dbt_world import EVERYTHING, DbtWorld, dbt_world
from extraction_world import SHOP
from loader_world import PSEUDONYMS, LoaderWorld, event, iso

from gxy_analytics.extraction.dialects import open_source
from gxy_analytics.extraction.extract import extract_all
from gxy_analytics.governance.erasure.requests import Request
from gxy_analytics.governance.erasure.run import process
from gxy_analytics.settings import Settings
from tests.conftest import empty_backend

MASTER = b"k" * 32
"""The key of the loader world's pseudonyms."""
ANNA, BO, CLEO = 1, 2, 3
EMAIL, PHONE, BROWSER, TABLET = "zqanna.planted@mail.example", "+49 30 5550001177", "zqanna-browser-0001", "shared-tablet-0001"
BACKEND = """
update customers set email = 'zqanna.planted@mail.example', phone = '+49 30 5550001177', first_name = 'Zqannafirst',
    last_name = 'Zqannalast', city = 'Zqannacity', postal_code = '04711', created_at = '2026-01-01', updated_at = '2026-01-01'
    where id = 1;
insert into customers (tenant_id, email, first_name, country, created_at, updated_at)
    values (1, 'cleo@example.com', 'Cleo', 'DE', '2026-01-01', '2026-01-01');
update orders set shipping_city = 'Zqannacity', shipping_postal_code = '04711', billing_country = 'DE' where id = 1;
update payments set card_fingerprint = 'zqanna-card-0001';
insert into orders (tenant_id, customer_id, number, status, currency, subtotal, grand_total, shipping_city, ip_address, placed_at)
    values (1, 3, 'A-2', 'paid', 'EUR', 79.90, 79.90, 'Leipzig', '198.51.100.9', '2026-03-01 11:00:00');
insert into order_items (tenant_id, order_id, product_id, quantity, unit_price, total) values (1, 3, 1, 1, 79.90, 79.90);
"""


def pid(tenant_id: str, customer_id: int) -> str:
    return PSEUDONYMS.customer_pid(tenant_id, customer_id)


def write_key(settings: Settings) -> None:
    """The master key where the settings look for it."""
    settings.master_key_path.parent.mkdir(parents=True, exist_ok=True)
    settings.master_key_path.write_bytes(MASTER)
    settings.master_key_path.chmod(0o600)


@dataclass
class ErasureWorld:
    """One server with everything built, and the loader that fills it."""

    dbt: DbtWorld
    loader: LoaderWorld
    oltp: psycopg.Connection
    oltp_url: str
    sent: list[dict[str, Any]] = field(default_factory=list)

    @property
    def client(self) -> Client:
        return self.dbt.client

    @property
    def settings(self) -> Settings:
        return self.loader.settings

    def extract(self) -> None:
        with open_source(self.oltp_url) as source:
            extract_all(source, self.client, master_key=MASTER)

    def spool(self, *requests: list[dict[str, Any]] | bytes, tenant_id: str = "acme") -> None:
        self.loader.spool(*requests, tenant_id=tenant_id)

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return self.dbt.rows(sql, **parameters)

    def one(self, sql: str, **parameters: Any) -> Any:
        return self.rows(sql, **parameters)[0][0]

    def finish(self, request: Request, seconds: float = 90.0) -> Request:
        """Process until it is done or failed, with the loader at work in between."""
        deadline = time.monotonic() + seconds
        while request.is_open and time.monotonic() < deadline:
            self.loader.load()
            request = process(self.client, self.settings, request.request_id)
            time.sleep(0.3)
        return request


def at(minutes: float, **fields: Any) -> dict[str, Any]:
    """An event so many minutes ago."""
    return event(time=iso(time.time() - 60 * minutes), **fields)


def visits() -> list[dict[str, Any]]:
    """What Anna does: on her browser, and on a tablet on which Cleo goes on."""
    page = {"url": "https://shop.example/p", "title": "Boots"}
    return [
        at(300, anonymous_id=BROWSER, page=page),
        at(299, anonymous_id=BROWSER, user_id="1", name="product_viewed", items=[{"product_id": "1"}]),
        at(298, anonymous_id=BROWSER, user_id="1", page=page),
        at(200, anonymous_id=TABLET, user_id="1", page=page),
        at(199, anonymous_id=TABLET, user_id="1", page=page),
    ]


def others() -> list[dict[str, Any]]:
    """What Cleo does, on the same tablet a few minutes later, and on her own browser."""
    return [
        at(195, anonymous_id=TABLET, user_id="3", page={"url": "https://shop.example/cleo"}),
        at(194, anonymous_id=TABLET, user_id="3"),
        at(100, anonymous_id="cleo-browser", user_id="3"),
    ]


def letters() -> list[bytes]:
    """Bodies that no event can be made of: Anna's three, by browser, by customer id and by address, and one of somebody else."""
    broken: dict[str, Any] = {"event_id": str(uuid4()), "name": ["page_viewed"], "user_id": "1"}
    return [
        b'{"events": [{"anonymous_id": "' + BROWSER.encode() + b'", "name": ',
        json.dumps({"events": [broken]}).encode(),
        b'{"events": "from ' + EMAIL.upper().encode() + b'"}',
        b'{"events": [{"anonymous_id": "cleo-browser", "name": ',
    ]


@contextmanager
def erasure_world(directory: Path, oltp: psycopg.Connection, oltp_url: str) -> Iterator[ErasureWorld]:
    """Fill the backend, extract, spool, load and build everything."""
    with dbt_world(directory) as dbt:
        loader = LoaderWorld(directory / "gxy", dbt.server.url, dbt.client, node="local", tenant_id="acme")
        world = ErasureWorld(dbt, loader, oltp, oltp_url)
        write_key(loader.settings)
        empty_backend(oltp)
        oltp.execute(SHOP)
        oltp.execute(BACKEND)
        world.extract()
        world.sent = visits()
        world.spool(world.sent, others(), *letters())
        world.spool([at(300, anonymous_id="bo-browser", user_id="2")], tenant_id="umbra")
        loader.load()
        dbt.build(what=EVERYTHING)
        quick_cleanup(dbt.client)
        yield world


def quick_cleanup(client: Client) -> None:
    """Replaced parts go within seconds, where a server takes half a minute."""
    tables = client.query(
        "select database, name from system.tables where engine like '%MergeTree' "
        "and database in ('raw', 'pii', 'governance', 'staging', 'marts')"
    ).result_rows
    for database, name in tables:
        client.command(f"alter table {database}.{name} modify setting cleanup_delay_period = 1, max_cleanup_delay_period = 1")
