"""Write keys of the simulated shops: tenants are added through governance, and the keys kept for the next run.

The file is for the simulator alone, with mode 0600 in the stack's secrets; a real shop keeps its own key.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from clickhouse_connect.driver.client import Client

from gxy_analytics.demo.shops import Shop
from gxy_analytics.governance.tenants.tenants import add_tenant
from gxy_analytics.governance.tenants.write_keys import create_write_key, hash_write_key, read_grants
from gxy_analytics.settings import Settings, require

KEYS_FILE = "simulator-keys.json"


def ensure_write_keys(client: Client, settings: Settings, shops: Iterable[Shop]) -> dict[str, str]:
    """Return slug -> write key of every shop, adding the tenants that are not there yet.

    Raises TenantExistsError where the backend has a shop of that slug with another zone or currency.
    """
    path = settings.secrets_dir / KEYS_FILE
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    active = {key_hash: grant.tenant_id for key_hash, grant in read_grants(client).items()}
    keys = {shop.slug: _key_of(shop, kept, active, client, settings) for shop in shops}
    if keys.items() - kept.items():
        _write_private(path, json.dumps({**kept, **keys}, indent=2))
    return keys


def _key_of(shop: Shop, kept: dict[str, str], active: dict[str, str], client: Client, settings: Settings) -> str:
    key = kept.get(shop.slug)
    if key and active.get(hash_write_key(key)) == shop.slug:
        return key
    if shop.slug in active.values():
        return create_write_key(client, shop.slug)
    return add_tenant(
        client,
        require(settings.oltp_url, "OLTP_URL"),
        shop.slug,
        name=shop.name,
        timezone=shop.timezone,
        currency=shop.currency,
        country=shop.country,
        plan=shop.plan,
    ).write_key


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
