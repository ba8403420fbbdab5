"""`gxy privacy`: what a person may ask for. Thin: the work is in `report`."""

from __future__ import annotations

import click


@click.group()
def privacy() -> None:
    """Requests of the people whose data is held."""
