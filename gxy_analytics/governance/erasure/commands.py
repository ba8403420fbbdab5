"""`gxy erase`: ask for the erasure of a person, and follow it. Thin: the work is in `run`."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import UUID

import click
from clickhouse_connect.driver.client import Client
from rich.console import Console
from rich.table import Table

from gxy_analytics.governance.erasure.requests import Request, get_request, list_requests, states
from gxy_analytics.governance.erasure.run import preview, process, process_open, request_erasure
from gxy_analytics.governance.erasure.run import retry as put_back
from gxy_analytics.settings import Settings, load_settings
from gxy_analytics.warehouse.client import connect

POLL_SECONDS = 2.0
IDENTITIES = ("customer_id", "email", "customer_pid", "anonymous_id")

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
wait = click.option(
    "--wait", default=120, show_default=True, type=click.IntRange(0), help="Seconds to wait for old parts and spools to go."
)
proportion = click.option(
    "--allow-proportion", type=click.FloatRange(0, 1), help="Part of a table that may match; default: 0.01."
)
gone = click.option("--gone-node", "gone_nodes", multiple=True, help="An ingest host whose disk no longer exists; repeatable.")


@click.group(invoke_without_command=True)
@click.option("--tenant", "tenant_id", help="Slug of the tenant.")
@click.option("--customer-id", help="The backend's customers.id.")
@click.option("--email", help="As the backend knows it.")
@click.option("--customer-pid", help="The pseudonym, 64 characters.")
@click.option("--anonymous-id", help="A browser's or device's id.")
@click.option("--reason", help="Kept with the request and in the audit, such as a ticket number.")
@click.option("--dry-run", is_flag=True, help="Show what would match, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@proportion
@wait
@as_json
@click.pass_context
def erase(ctx: click.Context, **given: Any) -> None:
    """Erase a person of a tenant everywhere, named by exactly one identity; orders stay for the books, without the person."""
    if ctx.invoked_subcommand is not None:
        return
    for option in ("tenant_id", "reason"):
        if not given[option]:
            raise click.UsageError(f"Missing option '--{option.removesuffix('_id')}'.")
    identity = {name: given[name] for name in IDENTITIES}
    settings = load_settings()
    with _connect(settings) as client:
        if given["dry_run"]:
            _print_preview(
                preview(client, settings, given["tenant_id"], reason=given["reason"], **identity), as_json=given["as_json"]
            )
            return
        if not given["yes"]:
            click.confirm(f"Erase this person of {given['tenant_id']}? It cannot be undone.", abort=True, err=True)
        asked = request_erasure(
            client,
            settings,
            given["tenant_id"],
            **identity,
            reason=given["reason"],
            allowed_proportion=given["allow_proportion"],
        )
        _finish(ctx, client, _work(client, settings, asked.request_id, given["wait"]), as_json=given["as_json"])


@erase.command("list")
@click.option("--tenant", "tenant_id", default="", help="Slug of a tenant; default: all.")
@click.option("--open", "only_open", is_flag=True, help="Only those that are not finished.")
@as_json
def list_(tenant_id: str, only_open: bool, as_json: bool) -> None:
    """List requests, the newest first."""
    with _connect(load_settings()) as client:
        found = list_requests(client, tenant_id, only_open=only_open)
    if as_json:
        click.echo(json.dumps([_summary(request) for request in found]))
        return
    table = Table("request", "tenant", "state", "requested at", "by", "subject", "error")
    for request in found:
        row = _summary(request)
        table.add_row(*(str(row[name]) for name in ("request_id", "tenant_id", "state", "requested_at", "requested_by")),
                      request.subject_hash[:16], request.error)  # fmt: skip
    Console().print(table)


@erase.command()
@click.argument("request_id", type=click.UUID)
@as_json
def show(request_id: UUID, as_json: bool) -> None:
    """Show a request: its states, what it waits for, and in the end the report that proves it."""
    with _connect(load_settings()) as client:
        request = get_request(client, request_id)
        history = states(client, request)
    if as_json:
        click.echo(json.dumps(_summary(request) | {"states": history, "progress": request.progress, "report": request.report}))
        return
    _print(request)
    for state in history:
        click.echo(f"  {state['at']}  {state['state']}")


@erase.command()
@click.argument("request_id", type=click.UUID, required=False)
@wait
@gone
@as_json
@click.pass_context
def run(ctx: click.Context, request_id: UUID | None, wait: int, gone_nodes: tuple[str, ...], as_json: bool) -> None:
    """Go on with request REQUEST_ID, or with every open one."""
    settings = load_settings()
    with _connect(settings) as client:
        if request_id is not None:
            _finish(ctx, client, _work(client, settings, request_id, wait, gone_nodes), as_json=as_json)
            return
        done = process_open(client, settings)
    if as_json:
        click.echo(json.dumps([_summary(request) for request in done]))
    else:
        for request in done:
            _print(request)
    ctx.exit(1 if any(request.state == "failed" for request in done) else 0)


@erase.command()
@click.argument("request_id", type=click.UUID)
@proportion
@wait
@gone
@as_json
@click.pass_context
def retry(
    ctx: click.Context,
    request_id: UUID,
    allow_proportion: float | None,
    wait: int,
    gone_nodes: tuple[str, ...],
    as_json: bool,
) -> None:
    """Go on with the failed request REQUEST_ID where it failed."""
    settings = load_settings()
    with _connect(settings) as client:
        put_back(client, settings, request_id, allowed_proportion=allow_proportion)
        _finish(ctx, client, _work(client, settings, request_id, wait, gone_nodes), as_json=as_json)


def _connect(settings: Settings) -> Client:
    return connect(settings.clickhouse_as("eraser"), purpose="erase")


def _work(client: Client, settings: Settings, request_id: UUID, seconds: int, gone_nodes: tuple[str, ...] = ()) -> Request:
    """Process, and once more while only old parts and spools are waited for."""
    deadline = time.monotonic() + seconds
    request = process(client, settings, request_id, gone_nodes=gone_nodes)
    while request.is_open and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        request = process(client, settings, request_id, gone_nodes=gone_nodes)
    return request


def _finish(ctx: click.Context, client: Client, request: Request, *, as_json: bool) -> None:
    """Print how it stands; exit code 1 when it failed, 0 when the person is out of sight."""
    if as_json:
        click.echo(json.dumps(_summary(request) | {"states": states(client, request), "report": request.report}))
    else:
        _print(request)
    ctx.exit(1 if request.state == "failed" else 0)


def _summary(request: Request) -> dict[str, Any]:
    return {
        "request_id": str(request.request_id),
        "tenant_id": request.tenant_id,
        "subject_hash": request.subject_hash,
        "state": request.state,
        "requested_at": request.requested_at.isoformat(timespec="milliseconds"),
        "requested_by": request.requested_by,
        "reason": request.reason,
        "waiting": request.progress.get("waiting", []),
        "error": request.error,
    }


def _print(request: Request) -> None:
    click.echo(f"request {request.request_id} ({request.tenant_id}): {request.state}")
    if request.error:
        click.secho(f"  {request.error}", fg="red")
    if request.state == "verifying":
        click.echo("  no row of the person is left; waiting for " + "; ".join(request.progress.get("waiting", ["the check"])))
        click.echo(f"  the graph goes on with it, or `gxy erase run {request.request_id}`")
    for name, table in request.report.get("tables", {}).items():
        if table["erased"]:
            click.echo(f"  {name:<28} {table['treatment']:<10} {table['erased']:>8,} rows, {table['surviving']} left")


def _print_preview(tables: dict[str, dict[str, int]], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(tables))
        return
    shown = Table("table", "rows", "matched")
    for name, table in tables.items():
        shown.add_row(name, f"{table['rows']:,}", f"{table['matched']:,}")
    Console().print(shown)
    click.echo("Nothing was changed.")
