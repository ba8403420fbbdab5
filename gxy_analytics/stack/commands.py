"""`gxy up`, `gxy env`, `gxy doctor`: options and output. The work is in `stack` and `doctor`."""

from __future__ import annotations

import json
import logging
import shlex
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from gxy_analytics.settings import Settings, load_settings, require
from gxy_analytics.stack.doctor import Finding, Level, examine
from gxy_analytics.stack.sockets import without_credentials
from gxy_analytics.stack.stack import PARTS, Stack, stack_settings
from gxy_analytics.stack.terminal import outlive_terminal

DATA_DIR = click.option(
    "--data-dir", type=click.Path(path_type=Path, file_okay=False), help="State of the stack [GXY_DATA_DIR, default .gxy]."
)
STYLES = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}


@click.command()
@DATA_DIR
@click.option("--port-base", type=click.IntRange(1, 65532), help="ClickHouse N and N+1, ingest N+2, Dagster N+3.")
@click.option("--listen-host", help="Address to bind to; loopback unless told [GXY_LISTEN_HOST].")
@click.option("--ingest-workers", type=click.IntRange(1), help="Ingest worker processes [GXY_INGEST_WORKERS].")
@click.option("--without", type=click.Choice(PARTS), multiple=True, help="Leave a part out; may be repeated.")
def up(
    data_dir: Path | None, port_base: int | None, listen_host: str | None, ingest_workers: int | None, without: tuple[str, ...]
) -> None:
    """Start the embedded stack, wait until it is ready, and run it until Ctrl-C."""
    outlive_terminal()
    console = Console(highlight=False)
    quieten_client()
    settings = stack_settings(data_dir=data_dir, port_base=port_base, listen_host=listen_host, ingest_workers=ingest_workers)
    stack = Stack(settings, without=without, report=lambda name, what: say(console, name, what))
    try:
        # Not `with`: an interrupt between the end of its entering and its body would stop nothing.
        try:
            stack.start()
            for line in address_lines(stack.settings):
                console.print(line, soft_wrap=True)
            stack.wait()
        finally:
            stack.stop()
    except KeyboardInterrupt:
        if not stack.was_up:
            console.print("interrupted before it was up: everything is stopped")
            raise click.exceptions.Exit(130) from None
        console.print("stopped: nothing that was accepted is lost")


def quieten_client() -> None:
    """Of a server that does not answer the client logs an exception; our one line says it already."""
    logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)


def say(console: Console, name: str, what: str) -> None:
    """One line of progress."""
    console.print(f"[bold]{name:<18}[/bold] {escape(what)}", soft_wrap=True)


def address_lines(settings: Settings) -> list[str]:
    """What listens where, for people; user names and passwords are left to `gxy env`."""
    rows = {
        "Dagster UI": settings.dagster_url,
        "Ingest": settings.ingest_url,
        "ClickHouse": without_credentials(settings.clickhouse_url),
        "OLTP": without_credentials(settings.oltp_url),
        "State and logs": str(settings.data_dir),
        "For other shells": f'eval "$(gxy env --data-dir {shlex.quote(str(settings.data_dir))})"',
    }
    lines = [f"  [bold]{name:<18}[/bold]{escape(address)}" for name, address in rows.items() if address]
    return ["", "[bold green]GXY Analytics is up[/] (Ctrl-C stops it in order)", *lines]


@click.command()
@DATA_DIR
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of export lines.")
def env(data_dir: Path | None, as_json: bool) -> None:
    """Print the running stack's settings for a shell: eval "$(gxy env)"."""
    values = exports(load_settings(data_dir=data_dir))
    if as_json:
        click.echo(json.dumps(values))
        return
    for name, value in values.items():
        click.echo(f"export {name}={shlex.quote(value)}")


def exports(settings: Settings) -> dict[str, str]:
    """What another process needs to use a stack. Raises MissingSettingError when none runs and no address is set."""
    require(settings.clickhouse_url, "CLICKHOUSE_URL")
    values = {
        "GXY_DATA_DIR": str(settings.data_dir),
        "GXY_CLICKHOUSE_URL": settings.clickhouse_url,
        "GXY_OLTP_URL": settings.oltp_url,
        "GXY_INGEST_URL": settings.ingest_url,
        "GXY_DAGSTER_URL": settings.dagster_url,
        "GXY_MASTER_KEY_FILE": None if settings.master_key else str(settings.master_key_path),
    }
    return {name: value for name, value in values.items() if value}


@click.command()
@DATA_DIR
@click.option("--json", "as_json", is_flag=True, help="A JSON list of {check, level, found, remedy}.")
def doctor(data_dir: Path | None, as_json: bool) -> None:
    """Say what is wrong and how to mend it. Exit code 1 when something fails."""
    quieten_client()
    findings = examine(load_settings(data_dir=data_dir))
    if as_json:
        click.echo(json.dumps([finding.as_dict() for finding in findings]))
    else:
        print_findings(findings)
    sys.exit(any(finding.level is Level.FAIL for finding in findings))


def print_findings(findings: list[Finding]) -> None:
    """One line a finding, its remedy below it."""
    console = Console(highlight=False)
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        style = STYLES[finding.level]
        console.print(
            f"[{style}]{finding.level.value:<4}[/] [bold]{finding.check:<{width}}[/] {escape(finding.found)}", soft_wrap=True
        )
        if finding.remedy:
            console.print(f"{'':<{width + 6}}[dim]{escape(finding.remedy)}[/]", soft_wrap=True)
