"""`gxy`: the command line. Commands are found by entry point, so that each lives beside what it drives.

Only dispatch and error reporting belong here; no command has logic of its own.
"""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, entry_points

import click

from gxy_analytics.errors import GxyError


class EntryPointGroup(click.Group):
    """A click group whose commands are the `gxy.commands` entry points, imported when called."""

    def _points(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group="gxy.commands")}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._points())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        point = self._points().get(cmd_name)
        return point.load() if point else None


@click.command(cls=EntryPointGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gxy-analytics")
def gxy() -> None:
    """GXY Analytics: clicks and orders in, reconciled marts out."""


def main() -> None:
    """Run `gxy`; a GxyError is one line on stderr and exit code 1, never a traceback."""
    try:
        gxy()
    except GxyError as error:
        click.secho(f"gxy: {error}", fg="red", err=True)
        sys.exit(1)
