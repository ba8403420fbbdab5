"""`gxy audit`: reading and checking the audit. Thin: the work is in `verification`, `listing` and `sealing`."""

from __future__ import annotations

import click


@click.group()
def audit() -> None:
    """Who did and read what: list it, check that nothing of it was changed."""
