"""`gxy simulate` without the command line: opens what the simulation needs, and shows its progress."""

from __future__ import annotations

import psycopg
import pymysql
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from gxy_analytics.demo.account import Account
from gxy_analytics.demo.backend import Backend
from gxy_analytics.demo.keys import ensure_write_keys
from gxy_analytics.demo.sender import Sender
from gxy_analytics.demo.simulate import simulate
from gxy_analytics.demo.world import Plan
from gxy_analytics.extraction.connections import connect_oltp, unreachable
from gxy_analytics.settings import Settings, require
from gxy_analytics.warehouse.client import connect


def run_simulation(settings: Settings, plan: Plan, console: Console) -> Account:
    """Play `plan` against the stack that `settings` names; returns the account.

    Raises MissingSettingError, SourceUnreachableError and TenantExistsError.
    """
    ingest_url, oltp_url = require(settings.ingest_url, "INGEST_URL"), require(settings.oltp_url, "OLTP_URL")
    with connect(require(settings.clickhouse_url, "CLICKHOUSE_URL"), purpose="simulate") as client:
        write_keys = ensure_write_keys(client, settings, plan.shops)
    expected = round(sum(shop.size for shop in plan.shops) * plan.events_per_day * plan.days)
    with (
        connect_oltp(oltp_url) as connection,
        Sender(ingest_url) as sender,
        Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("events"),
            TimeElapsedColumn(),
            console=console,
        ) as bar,
    ):
        task = bar.add_task("Opening the shops", total=expected)
        backend = Backend(connection)
        try:
            account = simulate(
                plan, sender, backend, write_keys, lambda what, count: bar.update(task, description=what, advance=count)
            )
        except (psycopg.OperationalError, pymysql.err.OperationalError) as error:
            raise unreachable(oltp_url, error) from error
        sent = account.total("sent")
        bar.update(task, description=f"{plan.tenants} shops, {plan.days} days", completed=sent, total=sent)
    return account
