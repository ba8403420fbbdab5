"""What the engine itself offers, gone through by machine: every table function, every scalar function, every setting.

So that an upgrade's new ones are attacked too. Attempts that somebody thought of are in `attempts` and `odd_attempts`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

ARGUMENTS = (
    "",
    "'x'",
    "'/etc/passwd'",
    "'/etc/passwd', 'LineAsString', 'x String'",
    "'http://127.0.0.1:{port}/?query=select+1', 'LineAsString', 'x String'",
    "'127.0.0.1:{native}', 'marts', 'sales_daily', 'default', ''",
    "'default', 'marts', 'sales_daily'",
    "'marts', 'sales_daily'",
    "'pii', 'customers'",
    "pii.customers",
    "marts.sales_daily, 'up'",
    "select * from pii.customers",
    "'EXPLAIN', '', (select * from pii.customers)",
    "'select * from pii.customers'",
)
"""What a table function may be given: enough of each kind that it gets past counting its arguments."""
COMPUTING = frozenset(
    (
        "SQLStandardValues",
        "fuzzJSON",
        "fuzzQuery",
        "generateRandom",
        "generateSeries",
        "generate_series",
        "merge",
        "null",
        "numbers",
        "numbers_mt",
        "primes",
        "values",
        "zeros",
        "zeros_mt",
    )
)
"""May answer: what it answers comes from its arguments, or (merge) from what the user may read."""
ENDLESS = ("fuzz", "generate", "numbers", "primes", "zeros")
VALUES = ("", "'/etc/passwd'", "'/etc/passwd', 'x'", "'pii', 'customers', 'ciphertext'", "1, 1")
SLEEPING = ("sleep", "sleepEachRow")
ABOUT_ROWS = re.compile(
    "mask|polic|filter|cache|projection|prewhere|parallel_replicas|trivial|skip_index|analyzer|row_level|implicit|condition|final|"
    "extremes|additional|lazy|predicate|totals|distributed_p|dialect|compatibility|database|sample|sampling|shard|snapshot"
)
"""Settings by whose name they may decide which rows are read or shown."""
WAITS = re.compile("sleep|bandwidth|delay")
"""Settings that hold a query up: tried by themselves, as each attempt with one of them may take a minute."""
OTHER_ANSWER = ("run_query_in_background", "select")
"""With them nothing is answered at all, or the expression that they are set to."""


def table_functions(names: Iterable[str], port: int, native: int) -> Iterator[tuple[str, str]]:
    """Each table function with each argument: read, and written to, which describes it first."""
    for name in names:
        for arguments in ARGUMENTS:
            call = f"{name}({arguments})".replace("{port}", str(port)).replace("{native}", str(native))
            if not name.startswith(ENDLESS):
                yield name, f"select * from {call} limit 100"
            yield name, f"insert into function {call} select 1"


def scalar_calls(names: Iterable[str]) -> Iterator[str]:
    """Each scalar function with paths, tables and numbers."""
    for name in names:
        for values in VALUES if name not in SLEEPING else ():
            yield f"select toString(`{name}`({values})) as answer"


def other_values(name: str, kind: str, value: str) -> Iterator[str]:
    """Values of a setting that are not the one it has."""
    if kind == "Bool":
        yield "0" if value == "1" else "1"
    elif "Int" in kind or kind in ("Float", "Double", "Seconds", "Milliseconds", "MaxThreads"):
        yield from (number for number in ("0", "1", "1000000") if number != value)
    elif kind == "Map":
        yield "{'marts.sales_daily': '1 or 1'}"
    else:
        yield from ("1", "all", "force", "none", "gxy", "{'marts.sales_daily': '1 or 1'}")
