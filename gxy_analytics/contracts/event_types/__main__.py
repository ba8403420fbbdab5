"""`python -m gxy_analytics.contracts.event_types`: write again what is generated from the registry, in a working tree."""

from __future__ import annotations

import sys
from pathlib import Path

from gxy_analytics.contracts.event_types.pins import PINS, ChangedVersionError, as_text, current_pins, extended, read_pins
from gxy_analytics.contracts.event_types.reference_page import reference_page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "event-types.md"


def main() -> int:
    """Exit code: 1 when a rule was changed and its version was not."""
    try:
        pins = extended(read_pins(), current_pins())
    except ChangedVersionError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    PINS.write_text(as_text(pins))
    PAGE.write_text(reference_page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
