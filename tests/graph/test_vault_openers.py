"""Who opens the vault: its reader, which the audit hears of, the scanner, and the rewriting of older rows. Nobody else."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for package in ("gxy_analytics", "assets", "ingest_service") for path in (ROOT / package).rglob("*.py"))
GOVERNANCE = "gxy_analytics/governance/"
OPENERS = {
    "sealed_row": {"vault/vault.py", "vault/reader.py", "vault/migration.py", "scanner/names.py"},
    "SealedRow": {"vault/vault.py", "vault/reader.py"},
    "LetterSeal.open": {
        "vault/letters.py",
        "vault/letter_resealing.py",
        "erasure/letters.py",
        "privacy_report/letters.py",
        "../../ingest_service/loader/replay.py",
    },
}
"""What opening takes, and the modules that may name it."""


def names(path: Path) -> set[str]:
    """Every name that a module imports, calls or defines."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
    return found


@pytest.mark.parametrize("needed", ["sealed_row", "SealedRow"])
def test_only_the_reader_and_the_scanner_open_rows_of_the_vault(needed: str) -> None:
    allowed = {(ROOT / GOVERNANCE / name).resolve() for name in OPENERS[needed]}
    assert {path for path in SOURCES if needed in names(path)} <= allowed


def test_only_what_lists_replays_reports_or_erases_dead_letters_opens_them() -> None:
    allowed = {(ROOT / GOVERNANCE / name).resolve() for name in OPENERS["LetterSeal.open"]}
    openers = {path for path in SOURCES if "seal.open(" in path.read_text() or "open_letter" in names(path)}
    assert openers <= allowed


def test_rows_of_the_vault_are_selected_by_their_openers_alone() -> None:
    """No other query reads a ciphertext or a wrapped key."""
    readers = {
        "governance/vault/",
        "find_keys.sql",
        "shred_",
    }
    for path in (path for package in ("gxy_analytics", "assets", "ingest_service") for path in (ROOT / package).rglob("*.sql")):
        text = path.read_text()
        if re.search(r"\bfrom pii\.", text) and ("ciphertext" in text or "wrapped_key" in text):
            assert any(reader in str(path) for reader in readers), path
