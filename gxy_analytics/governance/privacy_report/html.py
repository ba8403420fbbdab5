"""HTML that no value breaks out of: what is not an `Html` already is escaped. What the page says belongs to `page`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

VOID = frozenset({"meta", "br"})
HIDDEN = {
    codepoint: "\ufffd"
    for codepoint in (*range(0x9), 0xB, 0xC, *range(0xE, 0x20), 0x7F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
"""Control characters, and those that turn the direction of what follows: a value must not change how others look."""


class Html(str):
    """Markup that is safe to write as it is."""

    __slots__ = ()


def text(value: object) -> Html:
    """`value` as text; what is markup already stays."""
    return value if isinstance(value, Html) else Html(escape(str(value).translate(HIDDEN), quote=True))


def join(parts: Iterable[object]) -> Html:
    """The parts one after the other."""
    return Html("".join(map(text, parts)))


def tag(name: str, /, *children: object, **attributes: str) -> Html:
    """An element. `class_` is `class`, `data_label` is `data-label`; an empty attribute is left out."""
    given = "".join(f' {key.rstrip("_").replace("_", "-")}="{text(value)}"' for key, value in attributes.items() if value)
    return Html(f"<{name}{given}>" if name in VOID else f"<{name}{given}>{join(children)}</{name}>")


def table(columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[object]], *, stack: bool = False) -> Html:
    """A table. `columns` are (title, class); with `stack` its rows become blocks where the screen is narrow."""
    head = tag("tr", *(tag("th", title, class_=kind if kind == "n" else "", scope="col") for title, kind in columns))
    body = [
        tag("tr", *(tag("td", cell, class_=kind, data_label=title) for (title, kind), cell in zip(columns, row, strict=True)))
        for row in rows
    ]
    made = tag("table", tag("thead", head), tag("tbody", *body), class_="stack" if stack else "")
    return tag("div", made, class_="scroll", tabindex="" if stack else "0")


def facts(pairs: Iterable[tuple[str, object]], class_: str = "facts") -> Html:
    """Terms and what they are; those without a value are left out."""
    items = [join((tag("dt", term), tag("dd", value))) for term, value in pairs if value not in ("", None)]
    if class_ == "tiles":
        items = [tag("div", item) for item in items]
    return tag("dl", *items, class_=class_) if items else Html("")


def bullets(items: Iterable[object]) -> Html:
    """A list."""
    return tag("ul", *(tag("li", item) for item in items))


def breakable(name: object) -> Html:
    """A technical name that may go on in the next line after a dot or an underscore, and nowhere else."""
    return Html(text(name).replace(".", ".<wbr>").replace("_", "_<wbr>"))


def fold(title: object, *children: object) -> Html:
    """Something that opens when asked."""
    return tag("details", tag("summary", title), *children)
