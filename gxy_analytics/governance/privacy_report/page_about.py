"""What the page says about the data: who holds it, what for, from where, how long, and what stays. No row of hers is here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gxy_analytics.governance.privacy_report.catalogue import HeldTable, texts
from gxy_analytics.governance.privacy_report.document import not_searched
from gxy_analytics.governance.privacy_report.head import Head
from gxy_analytics.governance.privacy_report.html import Html, breakable, bullets, join, table, tag


def about(head: Head, tables: Sequence[HeldTable], counts: dict[str, int]) -> Html:
    """Controller, categories, purposes, sources, retention, recipients (GDPR Art. 15(1))."""
    said, periods = texts(), head.periods
    shop = head.shop
    where = f", {shop.country}" if shop.country else ""
    who = f"{shop.name}{where} decides what your data is used for and answers for it."
    columns = (("What", "w"), ("What for", "w"), ("From where", "w"), ("How long", "w"), ("Rows", "n"))
    rows = [
        _section(name, of, counts, periods) for name, of in _by_section(tables).items() if any(counts[one.name] for one in of)
    ]
    return join(
        (
            tag("p", who, " A platform stores and processes it on the shop's behalf."),
            table(columns, rows, stack=True),
            tag("p", "Every single table, also the empty ones, is under “Where it is kept”.", class_="soft"),
            tag("h3", "Who gets to see it"),
            bullets(said["recipients"].values()),
            tag("h3", "Where you cannot be looked up"),
            bullets(
                join((tag("strong", f"{one['title']}. "), one["what"], " Kept: ", one["kept"])) for one in not_searched(periods)
            ),
        )
    )


def _by_section(tables: Sequence[HeldTable]) -> dict[str, list[HeldTable]]:
    sections: dict[str, list[HeldTable]] = {name: [] for name in texts()["sections"]}
    for one in tables:
        sections[one.explained.section].append(one)
    return sections


def _section(name: str, of: Sequence[HeldTable], counts: dict[str, int], periods: Mapping[str, str]) -> Sequence[object]:
    """A line for the tables of a section that have rows: each purpose, source and period once."""
    said, full = texts(), [one.explained for one in of if counts[one.name]]
    purposes = dict.fromkeys(said["purposes"][purpose] for one in full for purpose in one.purposes)
    return (
        join((tag("strong", said["sections"][name]), tag("div", ", ".join(one.title for one in full), class_="soft"))),
        _lines(purposes),
        _lines(dict.fromkeys(said["sources"][one.source] for one in full)),
        _lines(dict.fromkeys(one.kept_text(periods) for one in full)),
        f"{sum(counts[one.name] for one in of):,}",
    )


def _lines(texts_once: Iterable[str]) -> Html:
    return join(tag("div", one) for one in texts_once)


def places_kept(tables: Sequence[HeldTable], counts: dict[str, int], periods: Mapping[str, str]) -> Html:
    """Every table, as report.json names it."""
    sections = texts()["sections"]
    columns = (("Table", "c"), ("What", "w"), ("Part", "c"), ("How long", "w"), ("Rows", "n"))
    rows = [
        (tag("code", breakable(one.name)), one.explained.what or one.explained.title, sections[one.explained.section],
         one.explained.kept_text(periods), f"{counts[one.name]:,}")
        for one in tables
    ]  # fmt: skip
    lead = "All the tables that can hold something about you. report.json has your rows of each, and what every column means."
    return join((tag("p", lead), table(columns, rows, stack=True), _left_out(tables)))


def after_erasure(tables: Sequence[HeldTable], counts: dict[str, int]) -> Html:
    """What would stay, and the duty behind it."""
    stays = [one for one in tables if one.explained.erasure.startswith("Kept")]
    gone = [one.explained.title for one in tables if one not in stays and one.explained.section != "copies"]
    columns = (("What", "w"), ("What stays", "w"), ("Why", "w"), ("Rows", "n"))
    rows = [
        (
            one.explained.title,
            one.explained.erasure.removeprefix("Kept: ").removeprefix("Kept "),
            one.explained.basis,
            f"{counts[one.name]:,}",
        )
        for one in stays
        if one.explained.basis
    ]
    return join(
        (
            tag("p", "If you have your data erased, this goes: ", ", ".join(dict.fromkeys(gone)), "."),
            tag("p", "This stays, without pointing to you:"),
            table(columns, rows, stack=True),
        )
    )


def rights() -> Html:
    """What she may do next."""
    return join((bullets(texts()["rights"].values()), tag("p", "Write to the shop: it answers within a month.", class_="soft")))


def _left_out(tables: Sequence[HeldTable]) -> Html:
    """Columns that are not in the report, and why."""
    rows = [
        (
            tag("code", breakable(f"{one.name}: {', '.join(one.explained.omit)}")),
            " ".join(dict.fromkeys(one.explained.omit.values())),
        )
        for one in tables
        if one.explained.omit
    ]
    return join((tag("h3", "Columns that are not shown"), table((("Columns", "c"), ("Why", "w")), rows, stack=True)))
