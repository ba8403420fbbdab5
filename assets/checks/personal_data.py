"""The check that no personal data lies outside the vault: one scan, told by database."""

from collections.abc import Iterator

import dagster as dg

from assets.checks.results import result
from gxy_analytics.governance.scanner.finding import Scan
from gxy_analytics.governance.scanner.scan import scan_warehouse
from gxy_analytics.governance.vault.master_key import load_key_ring
from gxy_analytics.governance.vault.vault import Vault
from gxy_analytics.quality.outcome import Outcome, failed, passed
from gxy_analytics.resources import Platform

REMEDY = (
    "Find out what writes it there and stop it, then delete the values; if it only looks personal, give the column a line with "
    "its reason in governance/scanner/allowed.py."
)
SHOWN_ON = ["governance", "tenants"]
"""A table that the graph does not build: a check of one that it builds would run, and scan, with every build of it."""
DATABASES = {f"no_personal_data_in_{database}": database for database in ("raw", "staging", "marts", "platform")}
ELSEWHERE = "no_personal_data_elsewhere"
"""governance, features, and any other database that somebody made."""


@dg.multi_asset_check(
    name="check_personal_data",
    specs=[
        dg.AssetCheckSpec(
            name,
            asset=SHOWN_ON,
            description=f"No text column of {place} holds an e-mail, phone, full IP, card, or name from the vault (a sample).",
        )
        for name, place in [*DATABASES.items(), (ELSEWHERE, "any other database but pii")]
    ],
    can_subset=True,
)
def no_personal_data(context: dg.AssetCheckExecutionContext, platform: Platform) -> Iterator[dg.AssetCheckResult]:
    """One scan of everything; an answer for each database that was asked about."""
    vault = Vault(load_key_ring(platform.settings))
    with platform.clickhouse("scan for personal data", context.run.run_id, role="scanner") as client:
        scan = scan_warehouse(client, vault)
    for selected in sorted(context.selected_asset_check_keys):
        database = DATABASES.get(selected.name)
        databases = {database} if database else scan.databases - set(DATABASES.values())
        yield result(outcome(scan, databases), asset=SHOWN_ON, check=selected.name)


def outcome(scan: Scan, databases: set[str]) -> Outcome:
    """What the scan says of these databases."""
    found = [str(finding) for finding in scan.findings if finding.place.database in databases]
    looked_at = {
        "columns": sum(place.database in databases for place in scan.columns),
        "allowed": sum(finding.place.database in databases for finding in scan.allowed),
        "people_compared": scan.people,
    }
    if found:
        return failed("Personal data lies outside the vault", found, REMEDY, **looked_at)
    return passed(f"nothing personal in a sample of {looked_at['columns']} text columns", **looked_at)
