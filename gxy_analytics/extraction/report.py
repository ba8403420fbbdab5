"""What an extraction has to say: counts, watermark, drift. Where it is shown is the caller's affair."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ExtractionReport:
    """One table's extraction.

    `drift` names source columns that nothing extracts, as `table.column`; `skipped` names the removed tenants, of whom nothing
    is read even while the backend lists them.
    """

    source_table: str
    rows_read: int
    rows_changed: int
    rows_deleted: int
    rejected: int
    watermark: datetime
    drift: tuple[str, ...]
    skipped: tuple[str, ...]
