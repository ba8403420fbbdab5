"""Building every asset of a window as `gxy materialize` does it, in a process of its own, so that its progress is on screen."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from gxy_analytics.errors import GxyError
from gxy_analytics.settings import Settings
from gxy_analytics.warehouse.partitions import Window

GXY = (sys.executable, "-c", "from gxy_analytics.cli import main; main()")


class BuildFailedError(GxyError):
    """`gxy materialize` did not build everything, or a check failed."""


def build_everything(settings: Settings, window: Window) -> None:
    """Run `gxy materialize` over `window`; its progress goes to this process's stderr. Raises BuildFailedError."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GXY_")}
    env = inherited | settings.as_env()
    days = ("--from", window.first.isoformat(), "--to", window.last.isoformat())
    done = subprocess.run((*GXY, "materialize", *days, "--json"), env=env, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode == 0:
        return
    report = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    failures = [failure["step"] for failure in report.get("failures", [])]
    failures += [
        f"{check['table']} {check['check']}" for check in report.get("checks", []) if not check["passed"] and check["is_error"]
    ]
    raise BuildFailedError(
        f"Not everything was built ({', '.join(failures) or f'exit code {done.returncode}'}): see above, "
        f"then run `gxy materialize {' '.join(days)}` again."
    )
