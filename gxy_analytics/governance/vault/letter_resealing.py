"""Dead letters brought under the newest wrap key: those from before they were sealed, and all of them after a rotation.

How one letter is sealed is in `letters`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import pyarrow as pa
from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.vault.letter_subjects import subjects_of
from gxy_analytics.governance.vault.letters import LetterContent, LetterSeal
from gxy_analytics.governance.vault.master_key import KeyRing
from gxy_analytics.governance.vault.pseudonyms import Pseudonyms
from gxy_analytics.governance.vault.staging import Staging
from gxy_analytics.warehouse.client import read_sql

LETTERS = 1_000  # at a time
LETTER_BYTES = 16 << 20  # as they were received: a letter may be as large as a body


def seal_letters(client: Client, ring: KeyRing) -> int:
    """Seal every dead letter that is in the clear or under an older key; returns how many were.

    Versions that were replaced are gone from the active parts when this returns. Run twice, or killed and run again, it is the
    same. Raises VaultError, UnknownKeyVersionError.
    """
    seal, names, done = LetterSeal(ring), Pseudonyms(ring), 0
    with Staging(client, "stage_letters.sql") as staging:
        for portion in _portions(client, seal.version):
            rows = _read(client, portion)
            staging.put(_sealed(rows, seal, names))
            staging.run("put_sealed_letters.sql")
            done += len(rows)
    if done:
        client.command(read_sql(__package__, "merge_letters.sql"))
    return done


def _portions(client: Client, version: int) -> Iterator[list[dict[str, Any]]]:
    """Keys of the letters that are not under `version`, in order, as many at a time as are held in memory at once."""
    after: dict[str, Any] = {"after_tenant": "", "after_ms": -(2**62), "after_id": ""}
    while True:
        bound = {"version": version, "rows": LETTERS, **after}
        keys = list(client.query(read_sql(__package__, "letters_to_seal.sql"), parameters=bound).named_results())
        if not keys:
            return
        sizes = accumulate(key["raw_bytes"] for key in keys)
        portion = keys[: max(sum(size <= LETTER_BYTES for size in sizes), 1)]
        yield portion
        last = portion[-1]
        after = {"after_tenant": last["tenant_id"], "after_ms": last["received_ms"], "after_id": last["rejected_id"]}


def _read(client: Client, keys: list[dict[str, Any]]) -> list[dict[str, Any]]:
    bound = {
        "tenants": sorted({key["tenant_id"] for key in keys}),
        "ids": [key["rejected_id"] for key in keys],
        "first_ms": min(key["received_ms"] for key in keys),
        "last_ms": max(key["received_ms"] for key in keys),
    }
    found = client.query(read_sql(__package__, "letters_whole.sql"), parameters=bound, column_formats={"raw": "bytes"})
    return [{name: value if name == "raw" else _text(value) for name, value in row.items()} for row in found.named_results()]


def _sealed(rows: list[dict[str, Any]], seal: LetterSeal, names: Pseudonyms) -> pa.Table:
    contents = [_content(row, seal) for row in rows]
    tenants = [row["tenant_id"] for row in rows]
    sealed = [seal.seal(row["tenant_id"], row["rejected_id"], content) for row, content in zip(rows, contents, strict=True)]
    subjects = [subjects_of(*one, names.customer_pid, seal) for one in zip(tenants, contents, strict=True)]
    return pa.table(
        {
            "tenant_id": pa.array(tenants, pa.string()),
            "rejected_id": pa.array([row["rejected_id"] for row in rows], pa.string()),
            "received_ms": pa.array([row["received_ms"] for row in rows], pa.int64()),
            "of_version": pa.array([row["seal_version"] for row in rows], pa.uint32()),
            "sealed": pa.array(sealed, pa.binary()),
            "seal_version": pa.array([seal.version] * len(rows), pa.uint32()),
            "subjects": pa.array(subjects, pa.list_(pa.string())),
        }
    )


def _content(row: dict[str, Any], seal: LetterSeal) -> LetterContent:
    if row["seal_version"]:
        return seal.open(row["tenant_id"], row["rejected_id"], row["seal_version"], row["raw"])
    return LetterContent(row["raw"], row["detail"], {_text(name): _text(value) for name, value in row["headers"].items()})


def _text(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
