"""Exporting a tenant: every row of it and no other's, in files that say what they hold; the vault closed unless asked for."""

from __future__ import annotations

import csv
import hashlib
import json
import stat
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from clickhouse_connect.driver.client import Client
from extraction_world import MASTER
from lifecycle_world import MART, acts, extract_everything
from subject_world import seen

from gxy_analytics.extraction.source import Source
from gxy_analytics.governance.lifecycle import export
from gxy_analytics.governance.lifecycle.export import (
    ExportExistsError,
    ExportIncompleteError,
    UnknownTableError,
    export_tenant,
)
from gxy_analytics.governance.lifecycle.export_files import Format
from gxy_analytics.governance.lifecycle.states import MissingReasonError
from gxy_analytics.governance.vault.reader import VaultReader

NOTE = 'a "quoted", note\nover two lines'


@pytest.fixture
def shop(source: Source, clickhouse: Client) -> Client:
    """Two tenants with orders, events and a mart."""
    extract_everything(source, clickhouse)
    clickhouse.command(MART)
    clickhouse.insert("fct_orders", [["acme", 1, NOTE], ["acme", 2, ""], ["umbra", 3, ""]], database="marts")
    seen(clickhouse, "acme", [("browser-1", ""), ("browser-2", "")])
    seen(clickhouse, "umbra", [("browser-3", "")])
    return clickhouse


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_every_file_has_the_rows_of_its_table_and_the_manifest_says_so(shop: Client, tmp_path: Path, form: Format) -> None:
    out = tmp_path / "out"
    manifest = export_tenant(shop, "acme", out, form=form)
    assert json.loads((out / "manifest.json").read_text()) == manifest
    assert {path.name for path in out.iterdir()} == {"manifest.json", *(entry["file"] for entry in manifest["files"])}
    by_table = {entry["table"]: entry for entry in manifest["files"]}
    assert {"marts.fct_orders", "raw.events", "raw.oltp_orders", "raw.oltp_tenants"} <= set(by_table)
    assert not any(name.startswith(("pii.", "governance.")) or name == "raw.events_rejected" for name in by_table)
    for name, entry in by_table.items():
        path = out / entry["file"]
        stored = shop.query(f"select count() from {name} where tenant_id = 'acme' settings final = 1").first_row[0]
        assert entry["rows"] == stored, name
        assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert mode(path) == 0o600
    assert (by_table["raw.events"]["rows"], by_table["marts.fct_orders"]["rows"]) == (2, 2)
    assert (mode(out), mode(out / "manifest.json")) == (0o700, 0o600)
    assert b"umbra" not in b"".join(path.read_bytes() for path in out.iterdir())
    assert by_table["marts.fct_orders"]["columns"][2] == {"name": "note", "type": "String", "description": ""}
    assert acts(shop, "acme") == ["export.made"]


def test_values_survive_each_format(shop: Client, tmp_path: Path) -> None:
    for form in ("parquet", "csv", "jsonl"):
        export_tenant(shop, "acme", tmp_path / form, form=form, tables=["marts.fct_orders"])
    notes = {
        "parquet": pq.read_table(tmp_path / "parquet" / "marts.fct_orders.parquet")["note"].to_pylist(),
        "csv": [row["note"] for row in csv.DictReader((tmp_path / "csv" / "marts.fct_orders.csv").open(newline=""))],
        "jsonl": [json.loads(line)["note"] for line in (tmp_path / "jsonl" / "marts.fct_orders.jsonl").open()],
    }
    assert {form: sorted(found) for form, found in notes.items()} == dict.fromkeys(notes, sorted(["", NOTE]))


def test_personal_data_goes_along_only_when_asked_with_a_reason_and_each_opening_is_in_the_audit(
    shop: Client, tmp_path: Path
) -> None:
    vault = VaultReader(shop, MASTER)
    with pytest.raises(MissingReasonError, match="--reason"):
        export_tenant(shop, "acme", tmp_path / "none", vault=vault)
    assert not (tmp_path / "none").exists()
    for form in ("parquet", "csv", "jsonl"):
        export_tenant(shop, "acme", tmp_path / form, form=form, tables=["raw.oltp_customers"], vault=vault, reason="handover 7")
    (person,) = pq.read_table(tmp_path / "parquet" / "pii.customers.parquet").to_pylist()
    assert (person["email"], person["first_name"]) == ("anna@example.com", "Anna")
    (row,) = csv.DictReader((tmp_path / "csv" / "pii.customers.csv").open(newline=""))
    assert (row["email"], row["phone"]) == ("anna@example.com", "\\N")
    assert json.loads((tmp_path / "jsonl" / "pii.orders.jsonl").read_text())["ip_address"].startswith("203.0.113.77")
    assert acts(shop, "acme") == ["vault.read", "vault.read", "export.made"] * 3
    export_tenant(shop, "acme", tmp_path / "closed")
    everything = b"".join(path.read_bytes() for path in (tmp_path / "closed").iterdir())
    assert b"anna@example.com" not in everything


def test_nothing_is_left_of_an_export_that_does_not_end(shop: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_count", lambda *_: 1_000)
    with pytest.raises(ExportIncompleteError, match="nothing was exported"):
        export_tenant(shop, "acme", tmp_path / "out")
    assert list(tmp_path.glob("*out*")) == []
    assert acts(shop, "acme") == []


def test_an_export_writes_over_nothing_and_knows_its_tables(shop: Client, tmp_path: Path) -> None:
    with pytest.raises(UnknownTableError, match=r"raw\.events"):
        export_tenant(shop, "acme", tmp_path / "out", tables=["pii.customers"])
    (tmp_path / "out").mkdir()
    export_tenant(shop, "acme", tmp_path / "out", tables=["raw.events"])
    with pytest.raises(ExportExistsError, match="not there yet"):
        export_tenant(shop, "acme", tmp_path / "out", tables=["raw.events"])
