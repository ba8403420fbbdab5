"""The check that no personal data lies outside the vault: one scan, told by database on a table of each."""

from collections.abc import Iterator

import dagster as dg

from assets.checks.results import result
from gxy_analytics.governance.master_key import load_master_key
from gxy_analytics.governance.scanner.finding import Scan
from gxy_analytics.governance.scanner.scan import scan_warehouse
from gxy_analytics.governance.vault import Vault
from gxy_analytics.quality.outcome import Outcome, failed, passed
from gxy_analytics.resources import Platform

NO_PERSONAL_DATA = "no_personal_data"
REMEDY = (
    "Find out what writes it there and stop it, then delete the values; if it only looks personal, give the column a line with "
    "its reason in governance/scanner/allowed.py."
)
SHOWN_ON = {
    "raw": ["raw", "events"],
    "staging": ["staging", "stg_web__events"],
    "marts": ["marts", "fct_orders"],
    "platform": ["platform", "gmv_daily"],
}
"""The table that shows what was found in its database."""
ELSEWHERE = ["governance", "tenants"]
"""Shows governance, features, and any other database that somebody made."""


@dg.multi_asset_check(
    name="check_personal_data",
    specs=[
        dg.AssetCheckSpec(
            NO_PERSONAL_DATA,
            asset=key,
            description=f"No text column of {place} holds an e-mail, phone, full IP, card, or name from the vault (a sample).",
        )
        for place, key in [*SHOWN_ON.items(), ("governance and of databases unknown to the graph", ELSEWHERE)]
    ],
)
def no_personal_data(context: dg.AssetCheckExecutionContext, platform: Platform) -> Iterator[dg.AssetCheckResult]:
    """One scan of everything; five answers."""
    vault = Vault(load_master_key(platform.settings.master_key_path))
    with platform.clickhouse("scan for personal data", context.run.run_id) as client:
        scan = scan_warehouse(client, vault)
    for database, key in SHOWN_ON.items():
        yield result(outcome(scan, {database}), asset=key, check=NO_PERSONAL_DATA)
    yield result(outcome(scan, scan.databases - set(SHOWN_ON)), asset=ELSEWHERE, check=NO_PERSONAL_DATA)


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
