"""raw.oltp_* and the vault: one extraction a table of the backend. Adding a table is adding a TableSpec."""

from collections.abc import Iterator

import dagster as dg

from assets.conventions import table_spec
from assets.retries import retried
from gxy_analytics.contracts.oltp import TABLES, TENANTS
from gxy_analytics.contracts.table_spec import TableSpec
from gxy_analytics.extraction.dialects import open_source
from gxy_analytics.extraction.extract import extract_table
from gxy_analytics.extraction.report import ExtractionReport
from gxy_analytics.governance.vault.master_key import load_key_ring
from gxy_analytics.quality.row_counts import table_rows
from gxy_analytics.resources import Platform
from gxy_analytics.settings import require


def asset_specs(spec: TableSpec) -> list[dg.AssetSpec]:
    """The tables one extraction writes: raw.oltp_<table>, and its table of the vault where it has one."""
    backend = dg.AssetKey(["backend", spec.source])
    tenants = [] if spec is TENANTS else [dg.AssetKey(["raw", TENANTS.target])]
    raw = table_spec(
        "raw",
        spec.target,
        f"The backend's `{spec.source}`, brought up to date by watermark; a version of a row is written only when its content "
        "changed. No personal data: customers are pseudonyms.",
        kinds={"python", "postgres"},
        deps=[backend, *tenants],
    )
    if spec.vault is None:
        return [raw]
    sealed = ", ".join(column.source for column in spec.sealed)
    vault = table_spec(
        "pii",
        spec.vault.table,
        f"The vault: {sealed} of the backend's `{spec.source}`, encrypted row by row.",
        kinds={"python", "postgres"},
        deps=[backend, *tenants],
        tags={"pii": "encrypted"},
    )
    return [raw, vault]


def extraction(spec: TableSpec) -> dg.AssetsDefinition:
    """The asset that extracts one table."""
    specs = asset_specs(spec)

    @dg.multi_asset(name=f"extract_{spec.source}", specs=specs)
    def extract(context: dg.AssetExecutionContext, platform: Platform) -> Iterator[dg.MaterializeResult]:
        settings = platform.settings
        master_key = load_key_ring(settings)
        with (
            open_source(require(settings.oltp_url, "OLTP_URL")) as source,
            retried(),
            platform.clickhouse(f"extract {spec.source}", context.run.run_id) as client,
        ):
            report = extract_table(spec, source, client, master_key=master_key)
            for table in specs:
                rows = table_rows(client, *table.key.path) or 0
                yield dg.MaterializeResult(asset_key=table.key, metadata={"dagster/row_count": rows, **report_metadata(report)})

    return extract


def report_metadata(report: ExtractionReport) -> dict[str, dg.MetadataValue]:
    """An extraction's counts, its watermark, and the columns of the source that nothing extracts."""
    return {
        "rows_read": dg.MetadataValue.int(report.rows_read),
        "rows_changed": dg.MetadataValue.int(report.rows_changed),
        "rows_deleted": dg.MetadataValue.int(report.rows_deleted),
        "rows_rejected": dg.MetadataValue.int(report.rejected),
        "watermark": dg.MetadataValue.timestamp(report.watermark),
        "tenants_skipped": dg.MetadataValue.text(", ".join(report.skipped) or "none"),
        "columns_not_extracted": dg.MetadataValue.text(", ".join(report.drift) or "none"),
    }


backend_tables = [
    dg.AssetSpec(
        ["backend", spec.source],
        description=f"Table `{spec.source}` of the backend's database. Not ours: read only.",
        group_name="backend",
        kinds={"postgres", "mysql"},
    )
    for spec in TABLES.values()
]
extractions = [extraction(spec) for spec in TABLES.values()]
