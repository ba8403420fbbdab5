"""How a run looks in a terminal: a line for each table, failure and failed check, then a summary. Nothing is decided here."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from assets.materialize import Checked, Progress, Report, StepFailed, TableBuilt


def print_progress(console: Console, happened: Progress) -> None:
    """One line for what happened; a passed check says nothing, the summary counts it."""
    if isinstance(happened, TableBuilt):
        rows = f"{happened.rows:>12,} rows" if happened.rows is not None else " " * 17
        console.print(f"  [green]✓[/] {happened.table:<42}{rows}  [dim]{happened.seconds:6.1f} s[/]")
    elif isinstance(happened, StepFailed):
        console.print(f"  [red]✗ {escape(happened.step)}[/]: {escape(happened.message)}")
    elif not happened.passed:
        print_failed_check(console, happened)


def print_failed_check(console: Console, check: Checked) -> None:
    """The check, where it is, and what it says."""
    colour, sign = ("red", "✗") if check.is_error else ("yellow", "!")
    console.print(f"  [{colour}]{sign} {check.table} {check.check}[/]: {escape(check.description)}")


def print_summary(console: Console, report: Report) -> None:
    """Tables, checks and time; what failed once more, so that it is the last thing on the screen."""
    passed = sum(check.passed for check in report.checks)
    for failure in report.failures:
        print_progress(console, failure)
    for check in report.failed_checks:
        print_failed_check(console, check)
    colour = "green" if report.ok else "red"
    console.print(
        f"[{colour}]{'Built' if report.ok else 'Not all built'}[/]: {len(report.tables)} tables for {report.window} "
        f"in {report.seconds:.1f} s; {passed} of {len(report.checks)} checks passed"
        + (f", {len(report.warnings)} warnings" if report.warnings else "")
        + (f", {len(report.failed_checks)} failed" if report.failed_checks else "")
        + f" (run {report.run_id[:8]})."
    )
