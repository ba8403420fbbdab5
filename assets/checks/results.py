"""Turn what the library found into what Dagster shows."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from gxy_analytics.quality.outcome import Outcome


def result(
    outcome: Outcome,
    *,
    asset: Sequence[str],
    check: str,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
) -> dg.AssetCheckResult:
    """The check's result: passed, the sentence, the numbers; a list of differences becomes one a line."""
    metadata = {
        name: dg.MetadataValue.md("\n".join(f"- {line}" for line in value)) if isinstance(value, list) else value
        for name, value in outcome.numbers.items()
    }
    return dg.AssetCheckResult(
        passed=outcome.passed,
        asset_key=list(asset),
        check_name=check,
        description=outcome.description,
        metadata=metadata,
        severity=severity,
    )
