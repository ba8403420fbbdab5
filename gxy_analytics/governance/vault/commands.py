"""`gxy keys`: the master key, its rotation, and what is sealed under it.

Thin: the work is in `rotation`, `letter_resealing` and `migration`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.vault.fingerprints import fingerprint_of_root
from gxy_analytics.governance.vault.letter_resealing import seal_letters
from gxy_analytics.governance.vault.master_key import KeyRing, load_key_ring
from gxy_analytics.governance.vault.migration import migrate_vault
from gxy_analytics.governance.vault.rotation import GRACE, Rotation, age_days, key_use, rotate
from gxy_analytics.settings import load_settings, require
from gxy_analytics.warehouse.client import connect

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")


@click.group()
def keys() -> None:
    """The master key: its state, its rotation, and what is sealed under it."""


@keys.command()
@as_json
def status(as_json: bool) -> None:
    """Say which keys the file holds, and what is sealed under each. Exit code 1 when something needs a key that is not there."""
    ring = load_key_ring(load_settings())
    with _connect("keys-status") as client:
        found = _status(client, ring)
    if as_json:
        click.echo(json.dumps(found))
    else:
        click.echo("\n".join(_status_lines(found)))
    if found["missing_versions"]:
        raise SystemExit(1)


@keys.command("rotate")
@click.option(
    "--grace-minutes",
    type=click.IntRange(min=0),
    default=int(GRACE.total_seconds() // 60),
    show_default=True,
    help="How long the old key stays at least; 0 when nothing else runs.",
)
@click.option("--why", default="rotation", show_default=True, help="For the audit.")
@as_json
def rotate_(grace_minutes: int, why: str, as_json: bool) -> None:
    """Put a new wrap key into the key file, wrap everything again, and take the old key out once nothing needs it.

    Run it again to go on with a rotation that was stopped, and after the grace to end it. Copies of the key file on other
    hosts and in your backup are yours to replace: after the first run and after the last. Pseudonyms stay what they are.
    """
    ring = load_key_ring(load_settings())
    with _connect("keys-rotate") as client:
        done = rotate(client, ring, now=datetime.now(UTC), grace=timedelta(minutes=grace_minutes), reason=why)
    if as_json:
        click.echo(json.dumps(_rotation(done)))
        return
    click.echo(f"version {done.version}: {done.rewrapped:,} keys and {done.letters:,} dead letters were brought under it")
    if done.retires_at:
        click.echo(f"The old key stays in {ring.source}: run `gxy keys rotate` again after {done.retires_at:%Y-%m-%d %H:%M} UTC.")
    else:
        click.echo(f"The old key has left {ring.source}.")
    click.echo("Back the key file up now, apart from the data, and copy it to every host that loads or extracts.")


@keys.command()
@as_json
def migrate(as_json: bool) -> None:
    """Rewrite rows of the vault that were sealed before each customer had a key of her own."""
    _run("keys-migrate", migrate_vault, "rows were rewritten under their customers' keys", as_json)


@keys.command("seal-letters")
@as_json
def seal_letters_(as_json: bool) -> None:
    """Seal dead letters that lie in the clear, or under an older key."""
    _run("keys-seal-letters", seal_letters, "dead letters were sealed", as_json)


def _run(purpose: str, work: Callable[[Client, KeyRing], int], what: str, as_json: bool) -> None:
    ring = load_key_ring(load_settings())
    with _connect(purpose) as client:
        count = work(client, ring)
    click.echo(json.dumps({"rows": count}) if as_json else f"{count:,} {what}")


def _connect(purpose: str) -> Client:
    return connect(require(load_settings().clickhouse_url, "CLICKHOUSE_URL"), purpose=purpose)


def _status(client: Client, ring: KeyRing) -> dict[str, Any]:
    used, now = key_use(client), datetime.now(UTC)
    known = {one.version for one in ring.wrap_keys}
    return {
        "fingerprint": fingerprint_of_root(ring),
        "source": str(ring.source) if ring.source else "GXY_MASTER_KEY",
        "wrap_keys": [
            {
                "version": one.version,
                "age_days": age_days(one.created_at, now),
                "customer_keys": used.keys[one.version],
                "dead_letters": used.letters[one.version],
            }
            for one in ring.wrap_keys
        ],
        "is_rotating": len(ring.wrap_keys) > 1,
        "missing_versions": {str(version): used.under(version) for version in sorted(used.versions - known)},
        "rows_before_customer_keys": used.rows_before_keys,
        "letters_in_the_clear": used.letters[0],
    }


def _status_lines(found: dict[str, Any]) -> list[str]:
    lines = [f"key {found['fingerprint']} from {found['source']}"]
    for one in found["wrap_keys"]:
        age = "of unknown age" if one["age_days"] is None else f"{one['age_days']} days old"
        lines.append(
            f"  wrap key {one['version']}, {age}: {one['customer_keys']:,} customer keys, {one['dead_letters']:,} dead letters"
        )
    if found["is_rotating"]:
        lines.append("A rotation is under way: go on with `gxy keys rotate`.")
    for version, rows in found["missing_versions"].items():
        lines.append(f"{rows:,} rows need wrap key {version}, which is not there: restore the key file from your backup.")
    if found["rows_before_customer_keys"]:
        lines.append(f"{found['rows_before_customer_keys']:,} rows have a key of their own, of old: run `gxy keys migrate`.")
    if found["letters_in_the_clear"]:
        lines.append(f"{found['letters_in_the_clear']:,} dead letters are in the clear: run `gxy keys seal-letters`.")
    return lines


def _rotation(done: Rotation) -> dict[str, Any]:
    return {
        "version": done.version,
        "rewrapped": done.rewrapped,
        "letters": done.letters,
        "migrated": done.migrated,
        "retired": list(done.retired),
        "retires_at": done.retires_at.isoformat() if done.retires_at else None,
    }
