"""Durations on the command line, such as 24h or 30d."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import click

UNITS = {"": "seconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Duration(click.ParamType):
    """A whole number and its unit, such as 24h: s, m, h or d."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        matched = re.fullmatch(r"(\d{1,6})([smhd]|)", value)
        if not matched or not (matched[2] or value.strip("0") == ""):
            self.fail(f"'{value}' is no duration: use a number and s, m, h or d, such as 24h, or 0.", param, ctx)
        return timedelta(**{UNITS[matched[2]]: int(matched[1])})
