"""`gxy retention`: periods, holds, what is over, deleting it, and the report. Thin: the work is beside this module."""

from __future__ import annotations

import click


@click.group()
def retention() -> None:
    """How long data is kept, legal holds, and what was deleted because its time was over."""
