"""A picture of the write path as a page of text, readable in 80 columns. What is in it is decided by `picture`."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ingest_service.backpressure import HIGH_WATERMARK, LOW_WATERMARK
from ingest_service.loader.metrics import DROPPED, REJECTED, by_reason
from ingest_service.loader.state import OUTCOMES
from ingest_service.loader.status import LoaderStatus, imbalance
from ingest_service.loader.tallies import Tally
from ingest_service.picture import STALE_SECONDS, Picture, times
from ingest_service.spool_look import SpoolLook

SHOWN_TENANTS = 10
SHOWN_CODES = 10
LABEL_WIDTH = 12
UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))
COUNTS = ((10**9, "G"), (10**6, "M"))
TIMES = ((86_400, "d"), (3_600, "h"), (60, "min"))


def page(picture: Picture) -> RenderableType:
    """The whole page."""
    when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(picture.at))
    grid = Table.grid(padding=(0, 1))
    grid.add_column(style="bold", width=LABEL_WIDTH)
    grid.add_column(overflow="fold")
    for label, lines in sections(picture):
        for number, line in enumerate(lines):
            grid.add_row("" if number else label, line)
    head = Text.from_markup(f"[bold]collector[/] {escape(picture.data_dir)}  [dim]{when}[/]")
    return Group(
        head, "", grid, *([tenants(picture.loader)] if picture.loader and picture.loader.tenants else []), *problems(picture)
    )


def sections(picture: Picture) -> Iterable[tuple[str, list[str]]]:
    """Label and lines of each part, in rich's markup."""
    yield "workers", list(worker_lines(picture))
    if picture.door:
        yield "door", list(door_lines(picture.door))
    yield "spool", list(spool_lines(picture.spool))
    if picture.loader is None:
        yield "loader", ["[red]never ran here[/]"]
        return
    yield "loader", list(loader_lines(picture, picture.loader))
    yield "ledger", list(ledger_lines(picture.loader))
    totals = picture.loader.totals
    yield "rejected", ranking(by_reason(totals, REJECTED))
    yield "dropped", ranking(by_reason(totals, DROPPED))
    yield "warnings", ranking(picture.loader.tallies.warnings)


def worker_lines(picture: Picture) -> Iterable[str]:
    workers = picture.workers
    if workers is None or not picture.service_runs:
        yield "[yellow]no service runs[/]"
        return
    living = [process for process in picture.processes if process.pid != workers.pid]
    colour = "green" if len(living) == workers.wanted else "red"
    age = duration(picture.at - workers.started_at)
    yield f"[{colour}]{len(living)} of {workers.wanted}[/] run, restarted {times(workers.ended)}; up {age}"
    for process in living:
        yield (
            f"[dim]{process.pid:>8}  {size(process.resident_bytes):>9}  {process.cpu_seconds:>9,.1f} s cpu  "
            f"{process.open_files:>5} files  up {duration(process.age_seconds)}[/]"
        )


def door_lines(door: Mapping[str, Mapping[str, float]]) -> Iterable[str]:
    requests, refused, events = door.values()
    yield f"requests by status: {pairs(requests)}"
    yield f"events: {pairs(events)}"
    if refused:
        yield f"refused: {pairs(refused)}"


def spool_lines(spool: SpoolLook) -> Iterable[str]:
    colour = "red" if spool.fill >= HIGH_WATERMARK else "yellow" if spool.fill >= LOW_WATERMARK else "green"
    yield (
        f"[{colour}]{spool.fill:.0%} full[/]: {size(spool.disk_bytes)} in {spool.segments:,} segments, "
        f"{size(spool.free_bytes)} of {size(spool.size_bytes)} free"
    )
    yield f"not loaded: {size(spool.unloaded_bytes)}, the oldest for {duration(spool.oldest_seconds)}"
    for slot in spool.slots:
        waiting = f"{size(slot.unloaded_bytes)} for {duration(slot.oldest_seconds)}" if slot.unloaded_bytes else "nothing"
        segments = f"{size(slot.disk_bytes):>9} in {slot.segments:,}"
        yield f"[dim]{escape(slot.name):<12} {segments}; waits: {waiting}[/]"


def loader_lines(picture: Picture, status: LoaderStatus) -> Iterable[str]:
    silent = picture.at - status.updated_at
    if status.ended:
        state = "[yellow]stopped[/]"
    elif silent > STALE_SECONDS:
        state = f"[red]silent for {duration(silent)}[/]"
    else:
        state = f"[green]runs[/], up {duration(picture.at - status.started_at)}"
    died = picture.deaths.get("loader")
    again = f"; it died {times(died.count)} since `gxy up`" if died else ""
    memory = f", {size(status.process.resident_bytes)}" if status.process else ""
    yield f"{state}, pid {status.pid}{memory}, restarted {times(status.restarts)}{again}"
    yield f"lag {duration(status.lag_seconds)}, {size(status.lag_bytes)}; ClickHouse {clickhouse(picture, status)}"
    batch = f", the last {duration(picture.at - status.last_batch_at)} ago" if status.last_batch_at else ""
    yield f"{status.totals.get('batches', 0):,} batches{batch}{typical(status)}"


def clickhouse(picture: Picture, status: LoaderStatus) -> str:
    """Whether it takes inserts."""
    if status.clickhouse_error is None:
        return "[green]takes inserts[/]"
    return f"[red]down for {duration(picture.at - (status.clickhouse_down_since or picture.at))}[/]"


def typical(status: LoaderStatus) -> str:
    """What half of the batches, and half of their inserts, take at most."""
    batch, insert = median(status.tallies.batch_seconds), median(status.tallies.insert_seconds)
    return f"; median {batch}, of inserts {insert}" if batch and insert else ""


def median(tally: Tally) -> str:
    """Upper bound of the bucket that holds the median, in words; empty without observations."""
    seen = 0
    for bound, count in zip((*tally.bounds, float("inf")), tally.counts, strict=True):
        seen += count
        if seen * 2 >= tally.count > 0:
            return f"{bound:g} s"
    return ""


def ledger_lines(status: LoaderStatus) -> Iterable[str]:
    totals = status.totals
    accepted, *others = (f"{totals.get(outcome, 0):,} {outcome}" for outcome in OUTCOMES)
    yield f"{accepted} = {' + '.join(others)}"
    missing = imbalance(totals)
    yield "[green]balances[/]" if not missing and not totals.get("unbalanced") else f"[red]{missing:,} events do not balance[/]"


def tenants(status: LoaderStatus) -> Table:
    """The busiest tenants, and all whose ledger does not balance."""
    table = Table("tenant", *("deduped" if outcome == "deduplicated" else outcome for outcome in OUTCOMES), "balance", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    table.columns[0].overflow = "ellipsis"
    table.columns[0].max_width = 20
    names = list(status.tenants)
    shown = names[:SHOWN_TENANTS] + [name for name in names[SHOWN_TENANTS:] if imbalance(status.tenants[name])]
    for name in shown:
        outcomes = status.tenants[name]
        missing = imbalance(outcomes)
        counts = [compact(outcomes.get(outcome, 0)) for outcome in OUTCOMES]
        table.add_row(escape(name), *counts, f"[red]{compact(missing)}[/]" if missing else "[green]0[/]")
    left_out = len(names) - len(shown) + status.tenants_left_out
    if left_out:
        table.caption = f"{left_out:,} smaller tenants, all in balance"
    return table


def problems(picture: Picture) -> Iterable[RenderableType]:
    """One line a problem, its remedy below it."""
    yield ""
    if not picture.problems:
        yield Text("no problems", style="green")
    for problem in picture.problems:
        yield Text(problem.what, style="red")
        yield Text(f"  {problem.remedy}", style="dim")


def pairs(counts: Mapping[str, float]) -> str:
    """`name 12, other 3`, most first; a dash for nothing."""
    ordered = sorted(counts.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{escape(name)} [bold]{count:,.0f}[/]" for name, count in ordered) or "[dim]-[/]"


def ranking(counts: Mapping[str, int]) -> list[str]:
    """The SHOWN_CODES largest, a line each; a dash for nothing."""
    ordered = sorted(counts.items(), key=lambda pair: -pair[1])
    lines = [f"{count:>12,}  {escape(name)}" for name, count in ordered[:SHOWN_CODES]]
    rest = sum(count for _, count in ordered[SHOWN_CODES:])
    return [*lines, *([f"{rest:>12,}  [dim]{len(ordered) - SHOWN_CODES} others[/]"] if rest else [])] or ["[dim]-[/]"]


def compact(count: int) -> str:
    """A count in at most nine characters."""
    unit = next(((factor, name) for factor, name in COUNTS if abs(count) >= 10 * factor), None)
    return f"{count / unit[0]:,.1f} {unit[1]}" if unit else f"{count:,}"


def size(count: float) -> str:
    """Bytes for people."""
    unit = next(((factor, name) for factor, name in UNITS if count >= factor), None)
    return f"{count / unit[0]:.1f} {unit[1]}" if unit else f"{count:.0f} B"


def duration(seconds: float) -> str:
    """Seconds for people."""
    unit = next(((factor, name) for factor, name in TIMES if seconds >= factor), None)
    return f"{seconds / unit[0]:.1f} {unit[1]}" if unit else f"{seconds:.1f} s"
