"""Dead letters on the page: what her browser sent and nobody could read, as it came. Opening them belongs to `letters`."""

from __future__ import annotations

from gxy_analytics.governance.privacy_report.digest import NEWEST, Digest, Letter
from gxy_analytics.governance.privacy_report.html import Html, fold, join, table, tag, text
from gxy_analytics.governance.privacy_report.letters import OF_OTHERS
from gxy_analytics.governance.privacy_report.wording import count, instant

OPEN = 3
"""Letters that are shown before the rest is folded away."""
COLUMNS = (("Received", "t"), ("What was sent", "w"), ("Why it could not be read", "w"))


def letters(digest: Digest) -> Html:
    """The newest letters, each as far as the page has room for."""
    if not digest.letters:
        return Html("")
    rows = [(instant(one.at), _sent(one), one.why) for one in reversed(digest.letters)]
    lead = "Kept so that it can be repaired."
    if len(rows) >= NEWEST:
        lead += f" The newest {NEWEST:,}; all are in report.json."
    older = rows[OPEN:]
    more = fold(count(len(older), "earlier message"), table(COLUMNS, older, stack=True)) if older else Html("")
    return join((tag("p", lead, class_="soft"), table(COLUMNS, rows[:OPEN], stack=True), more))


def _sent(letter: Letter) -> Html:
    if letter.text == OF_OTHERS:
        return text(letter.text)
    rest = tag("div", "It goes on in report.json.", class_="soft") if letter.is_cut else Html("")
    return join((tag("code", letter.text), rest))
