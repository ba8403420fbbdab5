"""What every released version of an event type demanded, as digests in `pins.txt`: a rule never changes under its old version."""

from __future__ import annotations

from pathlib import Path

from gxy_analytics.contracts.event_types.json_schema import branch, contract_definitions, digest, event_schema
from gxy_analytics.contracts.event_types.registry import EVENT_TYPES, VERSION
from gxy_analytics.errors import GxyError

PINS = Path(__file__).parent / "pins.txt"
REGISTRY = "registry"

Pins = dict[tuple[str, int], str]


class ChangedVersionError(GxyError):
    """A rule was changed and its version was not."""


def current_pins() -> Pins:
    """Digest by (name, version), of the registry as a whole and of each type in it."""
    definitions = contract_definitions()
    types = {(name, one.version): digest(branch(one, definitions)) for name, one in EVENT_TYPES.items()}
    return {(REGISTRY, VERSION): digest(event_schema())} | types


def read_pins() -> Pins:
    """The digests that were released."""
    lines = (line.split() for line in PINS.read_text().splitlines())
    return {(name, int(version)): found for name, version, found in lines}


def extended(known: Pins, current: Pins) -> Pins:
    """`known` with what is new in `current`. Raises ChangedVersionError where the same version demands something else."""
    changed = [f"{name} {version}" for (name, version), found in current.items() if known.get((name, version), found) != found]
    if changed:
        raise ChangedVersionError(
            f"changed under their old version: {', '.join(changed)}. Raise the version of each, in the registry."
        )
    return known | current


def as_text(pins: Pins) -> str:
    """The lines of `pins.txt`."""
    return "".join(f"{name} {version} {found}\n" for (name, version), found in sorted(pins.items()))
