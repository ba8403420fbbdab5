"""`gxy keys`: the master key and what is sealed under it. Thin: the work is in `master_key` and `key_rotation`."""

from __future__ import annotations

import click


@click.group()
def keys() -> None:
    """The master key: its state and its rotation."""
