"""Extracting the backend into `raw.oltp_*`: one table, or all of them.

    with open_source(oltp_url) as source, connect(clickhouse_url, purpose="extract") as client:
        report = extract_table(TABLES["orders"], source, client, master_key=load_master_key(settings.master_key_path))

`TABLES` (contracts.oltp) is in dependency order: tenants come first. What a batch goes through is in `loading`.
"""

from __future__ import annotations

from clickhouse_connect.driver.client import Client

from gxy_analytics.contracts.oltp import TABLES
from gxy_analytics.contracts.table_spec import TableSpec
from gxy_analytics.extraction.report import ExtractionReport
from gxy_analytics.extraction.source import Source


def extract_table(
    spec: TableSpec, source: Source, client: Client, *, master_key: bytes, full: bool = False
) -> ExtractionReport:
    """Bring `raw.<spec.target>` up to the source. Running it again changes nothing.

    Reads what changed since the watermark less the overlap (`full`: everything), then compares key sets, so that hard deletes
    become tombstones and rows inserted with an old change time are found. Raises SourceUnreachableError and MissingColumnError
    with the table untouched or whole; rows that do not fit are in governance.extraction_rejects.
    """
    raise NotImplementedError


def extract_all(source: Source, client: Client, *, master_key: bytes, full: bool = False) -> dict[str, ExtractionReport]:
    """Extract every table in dependency order. Stops at the first table that fails; those before it are done."""
    return {name: extract_table(spec, source, client, master_key=master_key, full=full) for name, spec in TABLES.items()}
