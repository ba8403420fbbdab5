"""The page about limits says what the code does: fields, options, settings, codes and numbers."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from gxy_analytics.governance.tenants.commands import tenant
from gxy_analytics.governance.tenants.ingest_policy import DEFAULT_POLICY, FIELDS
from gxy_analytics.governance.tenants.write_keys import KIND_MARK
from gxy_analytics.settings import Settings
from ingest_service import auth, backpressure, client_address, quotas, request, server

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "ingest-limits.md").read_text()
SPOKEN = {"()": {"any", "none"}, "False": {"no"}, "True": {"yes"}, "0": {"0"}, "truncate": {"`truncate`"}}
"""How the page writes a default."""


def test_the_policy_table_has_every_field_with_its_options_and_default() -> None:
    rows = re.findall(r"^\| (`[a-z_]+`(?:, `[a-z_]+`)*) \| (.+?) \| ([^|]+?) \|", PAGE, re.MULTILINE)
    named = [field for fields, _, _ in rows for field in re.findall(r"`(\w+)`", fields)]
    assert named == list(FIELDS)
    options = {
        option for parameter in tenant.commands["policy"].params for option in (*parameter.opts, *parameter.secondary_opts)
    }
    assert {option for _, shown, _ in rows for option in re.findall(r"--[a-z-]+", shown)} == options - {
        "slug",
        "--reset",
        "--json",
    }
    for fields, _, default in rows:
        for field in re.findall(r"`(\w+)`", fields):
            assert default in SPOKEN[str(getattr(DEFAULT_POLICY, field))]


@pytest.mark.parametrize("line", re.findall(r"^ {4}gxy tenant (.+?)(?: +#.*)?$", PAGE, re.MULTILINE))
def test_every_command_on_the_page_is_understood(line: str) -> None:
    name, *words = line.split()
    command = tenant.commands[name]
    with click.Context(command) as context:
        command.parse_args(context, words)


def test_every_setting_on_the_page_exists() -> None:
    named = {name.lower() for name in re.findall(r"`GXY_([A-Z_]+)`", PAGE)}
    assert named <= set(Settings.model_fields)
    assert {"trusted_proxies", "spool_max_bytes", "ingest_events_per_second", "ingest_bytes_per_second"} <= named


@pytest.mark.parametrize(
    "text",
    [
        f"looks like | 32 hex characters | `{KIND_MARK}` and 32 hex",
        f"where more than {auth.MAX_WAITING} unknown keys wait",
        f"every {'second' if auth.REFRESH_SECONDS == 1 else auth.REFRESH_SECONDS}.",
        f"`Retry-After` between {quotas.MIN_RETRY_SECONDS} and {quotas.MAX_RETRY_SECONDS} s",
        f"(0: {'ten' if quotas.BURST_SECONDS == 10 else quotas.BURST_SECONDS} seconds of the rate)",
        f"more than {client_address.MAX_HOPS} listed proxies",
        f"connections of a worker | {server.MAX_CONNECTIONS:,} | wait",
        f"idle ones are closed after {server.IDLE_MS // 1000} s",
        f"headers | {server.HEAD_BYTES >> 10} KiB",
        f"time for a body | {request.BODY_SECONDS:.0f} s",
        f"at most {request.DISCARD_SECONDS:.0f} s and {request.DISCARD_BYTES >> 20} MiB",
        f"memory | {backpressure.BODY_BUDGET_BYTES >> 20} MiB",
        f"spool {backpressure.LOW_WATERMARK * 100:.0f} % full",
        f"spool {backpressure.HIGH_WATERMARK * 100:.0f} % full",
        f"they halve every {backpressure.HALF_LIFE_SECONDS:.0f} s",
        f"tenant may have {1 + backpressure.LENIENCE:.0f} times its share".replace("2 times", "twice"),
    ],
)
def test_the_numbers_on_the_page_are_those_of_the_code(text: str) -> None:
    assert text in PAGE.replace("\n", " ")
