"""What a server still needs to follow the specification: the difference, by object, and what is left alone.

Reading the live state and acting on the plan belong to `embedded` and `server`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Plan:
    """Names of objects such as `user tenant_aurora`, each list in order. `untouched`: users that are not ours."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    untouched: tuple[str, ...]
    restarts: bool = False
    """Whether the server must start anew to know what its file says (the embedded one)."""

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.changed or self.removed or self.restarts)

    def about(self, name: str) -> Plan:
        """The part of the plan that is about one object."""
        added, changed, removed = (tuple(one for one in of if one == name) for of in (self.added, self.changed, self.removed))
        return replace(self, added=added, changed=changed, removed=removed)

    def lines(self) -> list[str]:
        """The plan for people, one line an object."""
        lines = [f"+ {name}" for name in self.added]
        lines += [f"~ {name}" for name in self.changed]
        lines += [f"- {name}" for name in self.removed]
        lines += [f"  {name}: not ours, left alone" for name in self.untouched]
        return lines


def compare(
    wanted: Mapping[str, object], live: Mapping[str, object], untouched: Iterable[str], *, restarts: bool = False
) -> Plan:
    """Return what turns `live` into `wanted`: objects by name, compared by value."""
    added = [name for name in wanted if name not in live]
    changed = [name for name in wanted if name in live and live[name] != wanted[name]]
    removed = sorted(name for name in live if name not in wanted)
    return Plan(tuple(added), tuple(changed), tuple(removed), tuple(sorted(untouched)), restarts)
