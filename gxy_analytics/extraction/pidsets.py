"""Comparing key sets where the warehouse knows pseudonyms only: the source's keys are pseudonymised here, then compared.

The source cannot compute a pseudonym, so its keys pass through once an extraction (about 2 µs each). A bucket is the first three
hex digits of the pseudonym; what is compared of it is the count, and the exclusive or of eight bytes of every pseudonym.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from string import Template

from clickhouse_connect.driver.client import Client

from gxy_analytics.contracts.table_spec import TableSpec
from gxy_analytics.extraction.keysets import KeyDifference
from gxy_analytics.extraction.queries import DELETED, KEY, TENANT, select_keys
from gxy_analytics.extraction.source import Source
from gxy_analytics.extraction.suppressed import suppressed_pids
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms
from gxy_analytics.warehouse.client import read_sql

BUCKET_DIGITS = 3
# Hex digits of the pseudonym that are compared, as one little-endian number: ClickHouse's reinterpretAsUInt64 reads it so.
WORD = slice(16, 32)
# Pseudonyms held at once while differing buckets are compared: about 60 MiB.
GROUP_ROWS = 200_000

Sums = dict[str, tuple[int, int]]


def compare_pids(
    spec: TableSpec, source: Source, client: Client, slugs: Mapping[int, str], pseudonyms: Pseudonyms
) -> Iterator[KeyDifference]:
    """Yield the differences, a group of buckets at a time. Rows of unknown tenants have no pseudonym and are left out."""
    pids = SourcePids(spec, source, slugs, pseudonyms, suppressed_pids(client))
    theirs, ours = _source_sums(pids), _target_sums(spec, client)
    nothing = (0, 0)
    differing = {
        bucket: max(theirs.get(bucket, nothing)[0], ours.get(bucket, nothing)[0])
        for bucket in sorted(theirs.keys() | ours.keys())
        if theirs.get(bucket) != ours.get(bucket)
    }
    for group in _groups(differing):
        yield _compare_group(spec, client, pids, group)


def _groups(sizes: Mapping[str, int]) -> Iterator[set[str]]:
    group: set[str] = set()
    rows = 0
    for bucket, size in sizes.items():
        if group and rows + size > GROUP_ROWS:
            yield group
            group, rows = set(), 0
        group.add(bucket)
        rows += size
    if group:
        yield group


@dataclass(frozen=True)
class SourcePids:
    """Iterates tenant_id, pseudonym, key and whether it is deleted, of every row of a known tenant.

    Deleted is what was soft-deleted, and who is suppressed: such a customer has no live row here, whatever the source has.
    """

    spec: TableSpec
    source: Source
    slugs: Mapping[int, str]
    pseudonyms: Pseudonyms
    is_suppressed: Callable[[str, str], bool]

    def __iter__(self) -> Iterator[tuple[str, str, int, bool]]:
        for batch in self.source.stream(select_keys(self.spec, self.source, in_bucket=False)):
            rows = zip(*(batch.column(name).to_pylist() for name in (TENANT, KEY, DELETED)), strict=True)
            for tenant, key, is_deleted in rows:
                slug = self.slugs.get(tenant)
                if slug is not None:
                    pid = self.pseudonyms.customer_pid(slug, key)
                    yield slug, pid, key, bool(is_deleted) or self.is_suppressed(slug, pid)


def _source_sums(pids: SourcePids) -> Sums:
    counts: defaultdict[str, int] = defaultdict(int)
    words: defaultdict[str, int] = defaultdict(int)
    for _, pid, _, is_deleted in pids:
        if not is_deleted:
            bucket = pid[:BUCKET_DIGITS]
            counts[bucket] += 1
            words[bucket] ^= int.from_bytes(bytes.fromhex(pid[WORD]), "little")
    return {bucket: (count, words[bucket]) for bucket, count in counts.items()}


def _target_sums(spec: TableSpec, client: Client) -> Sums:
    rows = client.query(_sql(spec, "pid_sums.sql"), parameters={"digits": BUCKET_DIGITS}).result_rows
    return {bucket: (count, word) for bucket, count, word in rows}


def _compare_group(spec: TableSpec, client: Client, pids: SourcePids, group: set[str]) -> KeyDifference:
    parameters = {"digits": BUCKET_DIGITS, "buckets": sorted(group)}
    ours = {(tenant, pid) for tenant, pid in client.query(_sql(spec, "pids_in_buckets.sql"), parameters=parameters).result_rows}
    missed, gone = [], set(ours)
    for slug, pid, key, is_deleted in pids:
        if pid[:BUCKET_DIGITS] in group:
            gone.discard((slug, pid))
            # Live on one side only: never read, or soft-deleted without its change time being set.
            if ((slug, pid) in ours) == is_deleted:
                missed.append(key)
    return KeyDifference(sorted(missed), list(gone))


def _sql(spec: TableSpec, name: str) -> str:
    return Template(read_sql(__package__, name)).substitute(target=f"raw.{spec.target}", pid=spec.key_column)
