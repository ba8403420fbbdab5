"""The whole system over a backend on MariaDB (Debian's `mariadb-server`); skipped, and said so, where it is not installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.stack_process import StackProcess, free_port_base
from tests.warehouse.mariadb import NEEDS_MARIADB, running_mariadb

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200), NEEDS_MARIADB]
WORLD = ("--exit", "--tenants", "2", "--days", "2", "--seed", "3", "--events-per-day", "400")


def test_the_demo_over_mariadb_is_green_and_equals_the_backend_to_the_cent(tmp_path: Path) -> None:
    with running_mariadb() as backend:
        demo = StackProcess(tmp_path / "demo", free_port_base(), *WORLD, command="demo", GXY_OLTP_URL=backend.url)
        assert demo.process.wait(1000) == 0, demo.output
    assert "the ledger balances for every tenant" in demo.output
    assert "24 numbers of 4 tenant-days equal the backend's, to the cent" in demo.output
