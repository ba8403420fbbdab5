"""Blacking out personal data that somebody typed into a reason. Which forms there are is said by `scanner.kinds`."""

from __future__ import annotations

import re
from functools import cache

from gxy_analytics.governance.scanner.kinds import CARD, EMAIL, IPV4, IPV6, PHONE

REMOVED = "[removed]"
WHOLE_EMAIL = r"[^\s@'\"<>(),:;{}=/?&]*" + EMAIL
"""The scanner is content with the end of the local part."""
LONGEST = 2000
"""Characters of a text that are kept: a reason is a sentence, and the patterns take time for each of them."""


@cache
def _forms() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(form) for form in (WHOLE_EMAIL, IPV4, IPV6, CARD, PHONE))


def redact(text: str) -> str:
    """The text without e-mail addresses, phone numbers, addresses of the net and card numbers; control characters are blanks."""
    clean = "".join(character if character.isprintable() else " " for character in text[:LONGEST])
    for form in _forms():
        clean = form.sub(lambda found: _kept(found[0]), clean)
    return clean


def _kept(found: str) -> str:
    """What a form matched may begin and end with a character that only delimits it."""
    head = found[0] if found[0] in " ,;:" else ""
    tail = found[-1] if found[-1] in " ),;:." else ""
    return f"{head}{REMOVED}{tail}"
