"""`gxy retention hold|release|holds`: legal holds. The work is in `holds`."""

from __future__ import annotations

import json
from dataclasses import asdict
from uuid import UUID

import click

from gxy_analytics.errors import GxyError
from gxy_analytics.governance.audit.record import os_user
from gxy_analytics.governance.retention.holds import lift_hold, list_holds, place_hold, require_customer
from gxy_analytics.governance.suppressions import CUSTOMER, identity_hash
from gxy_analytics.governance.vault.master_key import load_key_ring
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms
from gxy_analytics.settings import load_settings
from gxy_analytics.warehouse.client import connect


class AmbiguousCustomerError(GxyError):
    """A customer is named in two ways."""


@click.command()
@click.option("--tenant", "tenant_id", required=True, help="Slug of the tenant.")
@click.option("--customer-id", help="Only this customer, by the backend's id; everything of the tenant without.")
@click.option("--customer-pid", help="Only this customer, by pseudonym.")
@click.option("--reason", required=True, help="Why, without personal data; it is kept in the audit.")
def hold(tenant_id: str, customer_id: str | None, customer_pid: str | None, reason: str) -> None:
    """Keep what a tenant or one of its customers has, whatever its period says, until the hold is released."""
    settings = load_settings()
    if customer_id and customer_pid:
        raise AmbiguousCustomerError("A hold is on one customer: name her by --customer-id or by --customer-pid, not both.")
    with connect(settings.clickhouse_as("eraser"), purpose="retention-hold") as client:
        if customer_id:
            pseudonyms = Pseudonyms(load_key_ring(settings))
            pseudonyms.check(client, [tenant_id])
            customer_pid = pseudonyms.customer_pid(tenant_id, customer_id)
        if customer_pid:
            require_customer(client, tenant_id, customer_pid)
        subject = identity_hash(tenant_id, CUSTOMER, customer_pid) if customer_pid else ""
        placed = place_hold(client, tenant_id, reason, actor=os_user(), subject_hash=subject)
    click.echo(f"hold {placed.hold_id} is in force: nothing of it is deleted until `gxy retention release {placed.hold_id}`.")


@click.command()
@click.argument("hold_id", type=click.UUID)
def release(hold_id: UUID) -> None:
    """Lift the hold HOLD_ID: what is over goes with the next daily run."""
    with connect(load_settings().clickhouse_as("eraser"), purpose="retention-release") as client:
        lifted = lift_hold(client, hold_id, actor=os_user())
    click.echo(f"lifted {lifted}")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON value instead of text.")
def holds(as_json: bool) -> None:
    """List the holds in force."""
    with connect(load_settings().clickhouse_as("eraser"), purpose="retention-holds") as client:
        found = list_holds(client)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], default=str))
    else:
        click.echo("\n".join(map(str, found)) or "No hold is in force.")
