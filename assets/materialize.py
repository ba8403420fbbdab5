"""Build assets over a range of days in one run, in this process, on the stack's own Dagster instance.

How progress and the result are printed belongs to `commands`; what an asset does is in its own module.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import dagster as dg

from assets.partitions import range_tags
from gxy_analytics.definitions import build_defs
from gxy_analytics.errors import GxyError
from gxy_analytics.resources import Platform
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.client import read_sql
from gxy_analytics.warehouse.partitions import Window

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""The run's log is in the instance, and `on_progress` says what a person wants to know."""

SELECTION_HELP = 'try `marts/sales_daily`, `group:marts`, or `key:"marts/fct_orders" or key:"marts/fct_sessions"`.'

ERROR_CLASS = re.compile(r"^[\w.]+: ")


class UnknownSelectionError(GxyError):
    """A selection names no asset."""


@dataclass(frozen=True)
class TableBuilt:
    """An asset finished: its table, the rows it has (None where nobody counts), seconds since the run began."""

    table: str
    rows: int | None
    seconds: float


@dataclass(frozen=True)
class StepFailed:
    """A step failed with this message; what depends on it is skipped."""

    step: str
    message: str


@dataclass(frozen=True)
class Checked:
    """A check's result; `is_error` where its failure fails the run's purpose, and is not just a warning."""

    table: str
    check: str
    passed: bool
    is_error: bool
    description: str


Progress = TableBuilt | StepFailed | Checked


@dataclass
class Report:
    """What a run did. `seconds` is wall time from the launch to the end of the run."""

    run_id: str
    window: Window
    seconds: float = 0.0
    succeeded: bool = False
    tables: list[TableBuilt] = field(default_factory=list)
    failures: list[StepFailed] = field(default_factory=list)
    checks: list[Checked] = field(default_factory=list)

    @property
    def failed_checks(self) -> list[Checked]:
        """Failed checks of severity ERROR."""
        return [check for check in self.checks if not check.passed and check.is_error]

    @property
    def warnings(self) -> list[Checked]:
        """Failed checks of severity WARN."""
        return [check for check in self.checks if not check.passed and not check.is_error]

    @property
    def ok(self) -> bool:
        """Whether the run succeeded and no check of severity ERROR failed."""
        return self.succeeded and not self.failed_checks


def materialize_window(
    settings: Settings, window: Window, select: str | None = None, on_progress: Callable[[Progress], None] | None = None
) -> Report:
    """Build every day of `window` of what `select` (Dagster's selection syntax; everything without it) names, in one run.

    `on_progress` is told of each asset, check and failure as it happens. A failed step is in the report and not raised.
    Raises UnknownSelectionError, and ManifestError when the dbt project does not parse.
    """
    definitions = build_defs(resources={"platform": Platform.of(settings)})
    job = definitions.resolve_implicit_global_asset_job_def()
    keys = selected_keys(definitions, select)
    report = Report(run_id=str(uuid4()), window=window)
    listener = _Listener(report, on_progress or (lambda _: None))
    home = prepared_home(settings)
    with dg.DagsterInstance.from_config(str(home)) as instance, _dbt_output_to(home):
        instance.add_event_listener(report.run_id, listener)
        result = job.execute_in_process(
            instance=instance,
            run_id=report.run_id,
            asset_selection=keys,
            tags={**range_tags(window), "gxy/launched_by": "gxy materialize"},
            run_config=QUIET,
            raise_on_error=False,
        )
    report.succeeded = result.success
    report.seconds = listener.elapsed()
    return report


def prepared_home(settings: Settings) -> Path:
    """The stack's Dagster home, with the stack's dagster.yaml when no stack has made it yet."""
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists():
        config.write_text(read_sql("gxy_analytics.stack", "dagster.yaml"))
    return home


def selected_keys(definitions: dg.Definitions, select: str | None) -> Sequence[dg.AssetKey]:
    """The materializable assets that `select` names. Raises UnknownSelectionError."""
    graph = definitions.resolve_asset_graph()
    try:
        wanted = dg.AssetSelection.from_string(select) if select else dg.AssetSelection.all()
        # An extraction writes a table and its vault in one step: whoever asks for one gets both.
        together = wanted | wanted.required_multi_asset_neighbors()
        keys = sorted(together.resolve(graph, allow_missing=True) & graph.executable_asset_keys)
    except (dg.DagsterInvalidAssetSelectionError, dg.DagsterInvalidSubsetError) as error:
        raise UnknownSelectionError(f"--select {select!r} is no selection: {SELECTION_HELP}") from error
    if not keys:
        raise UnknownSelectionError(f"--select {select!r} names no asset that can be built: {SELECTION_HELP}")
    return keys


class _Listener:
    """Turns the run's events into progress, once for each asset however many days it has."""

    def __init__(self, report: Report, on_progress: Callable[[Progress], None]) -> None:
        self.report, self.on_progress = report, on_progress
        self.began = time.monotonic()
        self.seen: set[dg.AssetKey] = set()

    def elapsed(self) -> float:
        return time.monotonic() - self.began

    def __call__(self, entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        if event is None:
            return
        if event.is_step_materialization and event.asset_key and event.asset_key not in self.seen:
            self.seen.add(event.asset_key)
            self._tell(self.report.tables, self._built(event))
        elif event.is_step_failure:
            self._tell(self.report.failures, StepFailed(event.step_key or "", _message(event)))
        elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            self._tell(self.report.checks, _checked(event))

    def _built(self, event: dg.DagsterEvent) -> TableBuilt:
        metadata = event.step_materialization_data.materialization.metadata
        rows = metadata.get("dagster/row_count")
        counted = rows.value if isinstance(rows, dg.IntMetadataValue) else None
        key = event.asset_key
        return TableBuilt(".".join(key.path) if key else "", counted, self.elapsed())

    def _tell(self, kept: list, happened: Progress) -> None:
        kept.append(happened)
        self.on_progress(happened)


def _message(event: dg.DagsterEvent) -> str:
    error = event.step_failure_data.error
    cause = error.cause if error and error.cause else error
    return ERROR_CLASS.sub("", cause.message.strip()) if cause else "failed"


def _checked(event: dg.DagsterEvent) -> Checked:
    found = event.asset_check_evaluation_data
    is_error = found.severity == dg.AssetCheckSeverity.ERROR
    return Checked(".".join(found.asset_key.path), found.check_name, found.passed, is_error, found.description or "")


@contextlib.contextmanager
def _dbt_output_to(home: Path) -> Iterator[None]:
    """dagster-dbt prints dbt's log lines to stdout: keep them in a file beside the instance."""
    with (home / "dbt.log").open("a") as log, contextlib.redirect_stdout(log):
        yield
