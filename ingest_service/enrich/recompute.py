"""Working out enrichment columns of stored events again, day by day, after a rule or a list has changed. Safe beside the loader.

Of each day the distinct inputs are read, answered here and put into a look-up table; one mutation of the day's partition
takes the answers from there. Which columns come from what is declared in `groups`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from string import Template

import pyarrow as pa
from clickhouse_connect.driver.client import Client

from gxy_analytics.warehouse.client import read_sql
from ingest_service.enrich.enrich import CLICK_ID_NAMES, Enrichment
from ingest_service.enrich.groups import LOOKUP, TEXTS, Group

TYPES = {TEXTS: pa.list_(pa.string())}
WAIT_FOR_MUTATION = {"mutations_sync": 2}  # 2: on every replica, where there are several


@dataclass(frozen=True)
class Changed:
    """How many rows of a day (UTC) got another value, by column."""

    day: date
    group: str
    columns: dict[str, int]


def recompute(
    client: Client, rules: Enrichment, days: tuple[date, date], groups: Sequence[Group], tenant: str = "",
    tell: Callable[[Changed], None] = lambda _: None,
) -> list[Changed]:  # fmt: skip
    """Work out `groups` again for all events of the UTC days `days` (both inclusive), of one tenant or of all.

    Nothing is written where nothing differs, so running it again changes nothing. Two at a time would take each other's look-up:
    the caller sees to it that there is one. `tell` hears of each day and group.
    """
    found = []
    for partition in _partitions(client, days):
        for group in groups:
            changed = Changed(_day(partition), group.name, _recompute_day(client, rules, partition, group, tenant))
            tell(changed)
            found.append(changed)
    return found


def _partitions(client: Client, days: tuple[date, date]) -> list[str]:
    first, last = (f"{day:%Y%m%d}" for day in days)
    return [str(row[0]) for row in client.query(_sql("days"), parameters={"first": first, "last": last}).result_rows]


def _day(partition: str) -> date:
    return date(int(partition[:4]), int(partition[4:6]), int(partition[6:]))


def _recompute_day(client: Client, rules: Enrichment, partition: str, group: Group, tenant: str) -> dict[str, int]:
    parameters = {"partition": partition, "tenant": tenant, "click_ids": CLICK_ID_NAMES}
    assignments = group.assignments
    with _lookup(client, group):
        inputs = _sql("inputs", inputs=", ".join(f"{sql} as input_{name}" for name, sql in group.inputs.items()))
        with client.query_arrow_stream(inputs, parameters=parameters) as blocks:
            for block in blocks:
                client.insert_arrow(LOOKUP, _answers(block, rules, group))
        differs = {column: f"{column} != {value}" for column, value in assignments.items()}
        counts = ", ".join(f"countIf({one})" for one in differs.values())
        is_known = f"{group.look_up('is_known')} = 1"
        (row,) = client.query(_sql("changes", counts=counts, is_known=is_known), parameters=parameters).result_rows
        changed = dict(zip(assignments, map(int, row), strict=True))
        if any(changed.values()):
            update = _sql(
                "update",
                assignments=", ".join(f"{column} = {value}" for column, value in assignments.items()),
                is_known=is_known,
                differs=" or ".join(differs.values()),
            )
            client.command(update, parameters=parameters, settings=WAIT_FOR_MUTATION)
    return changed


@contextmanager
def _lookup(client: Client, group: Group) -> Iterator[None]:
    """An empty look-up for the group, gone afterwards; also that of a run that was killed."""
    _clear(client)
    types = {**{f"input_{name}": "String" for name in group.inputs}, **group.answers}
    columns = ", ".join(f"{name} {kind}" for name, kind in types.items())
    client.command(_sql("create", columns=columns, keys=", ".join(f"input_{name}" for name in group.inputs)))
    try:
        yield
    finally:
        _clear(client)


def _clear(client: Client) -> None:
    client.command(_sql("kill"))
    client.command(_sql("drop"))


def _answers(block: pa.Table, rules: Enrichment, group: Group) -> pa.Table:
    """The block's inputs beside their answers."""
    rows = zip(*(column.cast(pa.string()).to_pylist() for column in block.columns), strict=True)
    answers = list(zip(*(group.answer(rules, row) for row in rows), strict=True)) or [()] * len(group.answers)
    columns = {name: block.column(name).cast(pa.string()) for name in block.column_names}
    for (name, kind), values in zip(group.answers.items(), answers, strict=True):
        columns[name] = pa.array(values, TYPES.get(kind, pa.string()))
    columns["is_known"] = pa.repeat(pa.scalar(1, pa.uint8()), block.num_rows)
    return pa.table(columns)


def _sql(name: str, **parts: str) -> str:
    """A statement; `parts` are made of the constants of `groups`."""
    return Template(read_sql(__package__, f"recompute_{name}.sql")).substitute(parts)
