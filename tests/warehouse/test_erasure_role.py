"""Erasure as the user of its role: with exactly what the access specification grants, a person and a tenant are erased.

What erasure does is proved in `test_erasure`; that the role may do nothing else, in tests/security.
"""

from __future__ import annotations

import time
from pathlib import Path

import psycopg
import pytest
from erasure_world import ANNA, MASTER, erasure_world

from gxy_analytics.governance.access.accounts import wanted_accounts
from gxy_analytics.governance.access.embedded import write_embedded
from gxy_analytics.governance.access.specification import load_specification
from gxy_analytics.governance.erasure.run import process, request_erasure
from gxy_analytics.governance.erasure.tenants import erase_tenant
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import access_file

REFUSED = "select distinct exception from system.query_log where user = 'gxy_eraser' and exception_code in (164, 452, 497)"


@pytest.mark.slow
def test_a_person_and_a_tenant_are_erased_by_the_erasers_user(
    tmp_path: Path, oltp: psycopg.Connection, settings: Settings
) -> None:
    with erasure_world(tmp_path, oltp, settings.oltp_url or "") as world:
        server, specification = world.dbt.server, load_specification()
        accounts = {account.role: account for account in wanted_accounts(specification, MASTER, [], {})}
        write_embedded(access_file(server.directory), specification, list(accounts.values()))
        server.stop()
        server.start()
        eraser = accounts["eraser"]
        with connect(f"http://{eraser.name}:{eraser.password}@127.0.0.1:{server.http_port}", purpose="erasure") as client:
            request = request_erasure(client, world.settings, "acme", customer_id=ANNA, reason="asked to be forgotten")
            deadline = time.monotonic() + 240
            while request.is_open and time.monotonic() < deadline:
                world.loader.load()
                request = process(client, world.settings, request.request_id)
                time.sleep(0.3)
            assert request.state == "done", request.error or request.progress.get("waiting")
            report = erase_tenant(client, world.settings, "umbra")
        assert report["tables"]["raw.events"] == {"erased": 1, "surviving": 0}
        world.client.command("system flush logs")
        assert world.rows(REFUSED) == []
