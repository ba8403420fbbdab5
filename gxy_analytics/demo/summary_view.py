"""How the demo's summary looks in a terminal. The figures come from `summary.py`."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path

from rich.console import Console, RenderableType
from rich.table import Table

from gxy_analytics.demo.summary import Summary
from gxy_analytics.settings import Settings

GREEN, RED = "[green]✓[/]", "[red]✗[/]"
WIDE = 116
"""Columns of a terminal that show every column of the shops whole, with amounts of seven digits."""


def print_summary(console: Console, summary: Summary, *, seconds: float) -> None:
    """The tables, and one line that says whether everything adds up."""
    for part in (_ledger(summary), _shops(summary, whole=console.width >= WIDE), _best_sellers(summary)):
        console.print()
        console.print(part)
    console.print()
    for line in _verdicts(summary):
        console.print(line, highlight=False)
    console.print(f"\nFrom nothing to here in {seconds:.0f} s.", highlight=False)


def print_farewell(console: Console, settings: Settings, summary: Summary, *, stays: bool) -> None:
    """The addresses to open and three things to try next; with a stack that stops now, what to start first."""
    day, shop = summary.plan.end, summary.plan.shops[0].slug
    lines = [
        "",
        "[bold]Open[/]" if stays else f"[bold]Open[/], after `gxy up` has started the stack in {settings.data_dir} again",
        f"  Dagster     {settings.dagster_url}",
        f"  Ingest API  {settings.ingest_url}/schema",
        f"  ClickHouse  http://{(settings.clickhouse_url or '').rpartition('@')[2]}/play  (user and password: `gxy env`)",
        "[bold]Try[/] in another terminal",
        f'  export PATH="{Path(sys.executable).parent}:$PATH" GXY_DATA_DIR="{settings.data_dir.resolve()}"',
        f"  gxy materialize --from {day} --to {day}     # build a day again: it is the same day",
        "  gxy tenant add my-shop --timezone Europe/Berlin         # a shop of your own, and its write key",
        "  gxy doctor                                              # what is wrong, and how to mend it",
        "",
        f"{shop}'s days are in marts.sales_daily. " + ("The stack runs until Ctrl-C." if stays else "The stack stops now."),
    ]
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)


def _table(title: str, texts: tuple[str, ...], numbers: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in texts:
        table.add_column(column, no_wrap=True)
    for column in numbers:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _ledger(summary: Summary) -> RenderableType:
    title = "Events: accepted = new + known already + dead letters + dropped"
    table = _table(title, ("tenant",), ("sent now", "accepted", "new", "known", "dead", "dropped", ""))
    for slug, line in summary.ledger.items():
        counts = (
            summary.account.tenants[slug].sent,
            line.accepted,
            line.inserted,
            line.deduplicated,
            line.rejected,
            line.dropped,
        )
        table.add_row(slug, *(f"{count:,}" for count in counts), GREEN if line.is_balanced else RED)
    return table


def _shops(summary: Summary, *, whole: bool) -> RenderableType:
    """A line for each shop. What a narrow terminal would cut is left out: half an amount says something else."""
    between = ("average order", "returns") if whole else ()
    conversion = "conversion" if whole else "conv."
    table = _table("Shops", ("tenant", ""), ("orders", "GMV", *between, "net sales", "sessions", conversion))
    for shop in summary.shops:
        amounts = (shop.gmv, *((shop.average_order, shop.returns) if whole else ()), shop.net_sales)
        table.add_row(
            shop.tenant_id, shop.currency, f"{shop.orders:,}", *(f"{amount:,.2f}" for amount in amounts),
            f"{shop.sessions:,}", f"{shop.conversion:.1%}",
        )  # fmt: skip
    return table


def _best_sellers(summary: Summary) -> RenderableType:
    table = _table("Best sellers", ("tenant", "product", "category"), ("units", "revenue"))
    for product in summary.best_sellers:
        revenue = f"{product.revenue:,.2f} {product.currency}"
        table.add_row(product.tenant_id, product.product_name, product.category_name, f"{product.units:,}", revenue)
    return table


def _verdicts(summary: Summary) -> list[str]:
    missing = f" ({summary.orders_without_rate} orders have no rate)" if summary.orders_without_rate else ""
    lines = [f"GMV of the platform: [bold]{_money(summary.gmv)} {summary.reporting_currency}[/]{missing}"]
    if not summary.complaints:
        lines.append(f"{GREEN} the ledger balances for every tenant")
        lines.append(f"{GREEN} {summary.compared} numbers of {summary.tenant_days} tenant-days equal the backend's, to the cent")
    return lines + [f"{RED} {complaint}" for complaint in summary.complaints]


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"
