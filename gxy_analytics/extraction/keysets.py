"""Comparing the keys of a table with those of its source: what is gone, what was never read.

Counts and sums of the keys by bucket come first; only buckets that differ are compared key by key, one at a time. Only live rows
count: a key that is live on one side only is fetched again where the source still has it, and gone where it has not.
Tables known by pseudonym only are compared in `pidsets`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from string import Template
from typing import Any

from clickhouse_connect.driver.client import Client

from gxy_analytics.contracts.table_spec import TableSpec
from gxy_analytics.extraction.queries import (
    BUCKET_KEYS,
    DELETED,
    KEY,
    PRIME,
    TENANT,
    TENANT_FACTOR,
    select_key_sums,
    select_keys,
)
from gxy_analytics.extraction.source import Source
from gxy_analytics.warehouse.client import read_sql


@dataclass(frozen=True)
class KeyDifference:
    """Keys of the source to read (again), and (tenant_id, key) pairs of the target that the source no longer has."""

    fetch: list[int]
    gone: list[tuple[str, Any]]


def compare_ids(spec: TableSpec, source: Source, client: Client, slugs: Mapping[int, str]) -> Iterator[KeyDifference]:
    """Yield the difference of each bucket that differs, lowest keys first."""
    ours = _target_sums(spec, client)
    for bucket in sorted(_differing(_source_sums(spec, source), ours)):
        yield _compare_bucket(spec, source, client, slugs, bucket)


def _differing(theirs: Iterator[tuple[int, int, int]], ours: dict[int, tuple[int, int]]) -> set[int]:
    differing = set()
    for bucket, count, mixes in theirs:
        if ours.pop(bucket, None) != (count, mixes):
            differing.add(bucket)
    return differing | set(ours)


def _source_sums(spec: TableSpec, source: Source) -> Iterator[tuple[int, int, int]]:
    for batch in source.stream(select_key_sums(spec, source)):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _target_sums(spec: TableSpec, client: Client) -> dict[int, tuple[int, int]]:
    parameters = {"bucket_keys": BUCKET_KEYS, "prime": PRIME, "factor": TENANT_FACTOR}
    rows = client.query(_sql(spec, "key_sums.sql"), parameters=parameters).result_rows
    return {bucket: (count, mixes) for bucket, count, mixes in rows}


def _compare_bucket(spec: TableSpec, source: Source, client: Client, slugs: Mapping[int, str], bucket: int) -> KeyDifference:
    live: dict[tuple[str, int], int] = {}
    deleted: dict[tuple[str, int], int] = {}
    for batch in source.stream(select_keys(spec, source, in_bucket=True), {"bucket": bucket}):
        rows = zip(*(batch.column(name).to_pylist() for name in (TENANT, KEY, DELETED)), strict=True)
        for tenant, key, is_deleted in rows:
            (deleted if is_deleted else live)[slugs.get(tenant, ""), key] = key
    parameters = {"bucket": bucket, "bucket_keys": BUCKET_KEYS}
    ours = {(tenant, key) for tenant, key in client.query(_sql(spec, "keys_in_bucket.sql"), parameters=parameters).result_rows}
    missed = [key for pair, key in live.items() if pair not in ours]
    missed += [key for pair, key in deleted.items() if pair in ours]
    return KeyDifference(sorted(missed), [pair for pair in ours if pair not in live and pair not in deleted])


def _sql(spec: TableSpec, name: str) -> str:
    return Template(read_sql(__package__, name)).substitute(target=f"raw.{spec.target}", id=spec.id_column)
