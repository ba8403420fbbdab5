"""Tables that the simulator and the demo print. Looks only; the figures come from the caller."""

from __future__ import annotations

from rich.table import Table

from gxy_analytics.demo.account import Account


def account_table(account: Account) -> Table:
    """What was sent and answered, by tenant."""
    table = Table(title=f"Sent in {account.seconds:.1f} s", title_justify="left")
    table.add_column("tenant")
    for column in ("events sent", "sent twice", "late", "ok", "warning", "drop", "orders", "refunds", "customers"):
        table.add_column(column, justify="right")
    for slug, tenant in account.tenants.items():
        answers = (tenant.answers["ok"], tenant.answers["warning"], tenant.answers["drop"])
        counts = (tenant.sent, tenant.repeated, tenant.late, *answers, tenant.orders, tenant.refunds, tenant.customers)
        table.add_row(slug, *(f"{count:,}" for count in counts))
    table.add_section()
    answered = [account.answered(status) for status in ("ok", "warning", "drop")]
    totals = [account.total(name) for name in ("sent", "repeated", "late")] + answered
    totals += [account.total(name) for name in ("orders", "refunds", "customers")]
    table.add_row("all", *(f"{count:,}" for count in totals), style="bold")
    return table
