"""Extracting the backend into `raw.oltp_*`: one table, or all of them.

    with open_source(oltp_url) as source, connect(clickhouse_url, purpose="extract") as client:
        report = extract_table(TABLES["orders"], source, client, master_key=load_key_ring(settings))

`TABLES` (contracts.oltp) is in dependency order: tenants come first. What a batch goes through is in `loading`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from clickhouse_connect.driver.client import Client

from gxy_analytics.contracts.oltp import TABLES, TENANTS
from gxy_analytics.contracts.table_spec import TableSpec
from gxy_analytics.extraction.drift import find_drift
from gxy_analytics.extraction.keysets import KeyDifference, compare_ids
from gxy_analytics.extraction.loading import Loader
from gxy_analytics.extraction.pidsets import compare_pids
from gxy_analytics.extraction.queries import EVERY_ROW, changed_since, has_key, select_rows
from gxy_analytics.extraction.rejects import clear_rejects, count_rejects, earlier_rejects
from gxy_analytics.extraction.removed_tenants import find_skipped
from gxy_analytics.extraction.report import ExtractionReport
from gxy_analytics.extraction.source import Source
from gxy_analytics.extraction.tenant_registry import publish_tenants, read_slugs, refuse_empty_backend
from gxy_analytics.extraction.watermarks import EPOCH, read_progress, server_now, write_watermark
from gxy_analytics.governance.vault.fingerprints import check_master_key
from gxy_analytics.governance.vault.master_key import KeyRing

# Keys asked for in one query.
FETCH_KEYS = 10_000


def extract_table(
    spec: TableSpec, source: Source, client: Client, *, master_key: KeyRing | bytes, full: bool = False
) -> ExtractionReport:
    """Bring `raw.<spec.target>` up to the source. Running it again changes nothing.

    Reads what changed since the watermark less the overlap (`full`: everything), then compares key sets, so that hard deletes
    become tombstones and rows inserted with an old change time are found. Rows that do not fit are in
    governance.extraction_rejects. Raises SourceUnreachableError, MissingColumnError, EmptyBackendError and OtherMasterKeyError,
    with the table as it was, or with whole rows of it newer.
    """
    drift = find_drift(spec, source)
    source_now, started_at = source.now(), server_now(client)
    progress = read_progress(client, spec)
    slugs = read_slugs(client)
    refuse_empty_backend(source, slugs)
    skipped = find_skipped(source, client)
    source.excluded = sorted(skipped)
    if spec.vault:
        check_master_key(client, master_key, slugs.values())
    with Loader(client, spec, slugs, master_key, started_at) as loader:
        loader.landing.recount_arrivals(progress.finished_at)
        if full or progress.watermark == EPOCH or loader.landing.is_empty():
            loader.load(source.stream(select_rows(spec, source, EVERY_ROW)))
        else:
            since = {"since": progress.watermark - spec.overlap}
            for table in ("t", *(join.table for join in spec.joins)):
                loader.load(source.stream(select_rows(spec, source, changed_since(spec, source, table)), since))
        _settle_keys(spec, source, client, loader)
        watermark = _advance(progress.watermark, loader.newest, source_now)
    clear_rejects(client, spec, started_at)
    if spec is TENANTS:
        publish_tenants(client)
    write_watermark(client, spec, watermark, loader.rows_read, loader.rows_changed)
    return ExtractionReport(
        source_table=spec.source,
        rows_read=loader.rows_read,
        rows_changed=loader.rows_changed,
        rows_deleted=loader.rows_deleted,
        rejected=count_rejects(client, spec),
        watermark=watermark,
        drift=drift,
        skipped=tuple(sorted(set(skipped.values()))),
    )


def extract_all(
    source: Source, client: Client, *, master_key: KeyRing | bytes, full: bool = False
) -> dict[str, ExtractionReport]:
    """Extract every table in dependency order. Stops at the first table that fails; those before it are done."""
    return {name: extract_table(spec, source, client, master_key=master_key, full=full) for name, spec in TABLES.items()}


def _settle_keys(spec: TableSpec, source: Source, client: Client, loader: Loader) -> None:
    """Read what the key sets say was missed and what was rejected before, and bury what is gone."""
    slugs = read_slugs(client)  # again: the tenants themselves have just been read
    for difference in _compare(spec, source, client, slugs, loader):
        _fetch(spec, source, loader, difference.fetch)
        loader.bury(difference.gone)
    loader.bury_released()
    for keys in earlier_rejects(client, spec, loader.started_at):
        _fetch(spec, source, loader, keys)


def _compare(spec: TableSpec, source: Source, client: Client, slugs: dict[int, str], loader: Loader) -> Iterator[KeyDifference]:
    if spec.id_column:
        return compare_ids(spec, source, client, slugs)
    return compare_pids(spec, source, client, slugs, loader.pseudonyms)


def _fetch(spec: TableSpec, source: Source, loader: Loader, keys: list[int]) -> None:
    for start in range(0, len(keys), FETCH_KEYS):
        wanted = {"keys": keys[start : start + FETCH_KEYS]}
        loader.load(source.stream(select_rows(spec, source, has_key(spec, source)), wanted))


def _advance(watermark: datetime, newest: datetime | None, source_now: datetime) -> datetime:
    """The new watermark: never back, and never past the source's clock, lest a row from the future hide those before it."""
    return max(watermark, min(newest, source_now)) if newest else watermark
