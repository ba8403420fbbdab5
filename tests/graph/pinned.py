"""What the code location defines, as lines of text: `pinned.txt` is the checked-in list.

After a change that is meant: `.venv/bin/python tests/graph/pinned.py`, and read the diff.
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from gxy_analytics.definitions import build_defs

PINNED = Path(__file__).parent / "pinned.txt"


def lines(definitions: dg.Definitions) -> list[str]:
    """One line for each asset, check, job, schedule and sensor; days are said where an asset has them."""
    repository = definitions.get_repository_def()
    graph = definitions.resolve_asset_graph()
    found = []
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        how = "built by day" if node.is_partitioned else "built whole" if node.is_executable else "external"
        found.append(f"asset {'.'.join(key.path)} [{node.group_name}] {how}")
    found += [f"check {'.'.join(key.asset_key.path)} {key.name}" for key in graph.asset_check_keys]
    found += [f"job {job.name}" for job in repository.get_all_jobs() if not job.name.startswith("__")]
    found += [f"schedule {schedule.name} {schedule.default_status.value}" for schedule in repository.schedule_defs]
    found += [f"sensor {sensor.name} {sensor.default_status.value}" for sensor in repository.sensor_defs]
    return sorted(found)


if __name__ == "__main__":
    PINNED.write_text("\n".join(lines(build_defs())) + "\n")
