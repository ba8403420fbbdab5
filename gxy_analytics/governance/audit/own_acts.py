"""What the sealer itself writes into the chain: `audit.` actions, which no entry of the intake can claim.

When it does is said by `trust` and `retirement`.
"""

from __future__ import annotations

import json
import time
from uuid import uuid4

from gxy_analytics.governance.audit.chain import Act, Head
from gxy_analytics.governance.audit.record import OWN, os_user

ANCHORED = "audit.anchored"
CHECKPOINT = "audit.checkpoint"
FORGED = b"forged."
"""Put before an action that only the sealer may write, and that somebody inserted."""


def now_us() -> int:
    """Now, in microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1000


def own_act(action: str, reason: str, head: Head) -> Act:
    """An act of the sealer about the chain up to `head`. Its `db_user` is empty, which the intake's never is."""
    now = now_us()
    details = json.dumps({"through": head.sequence, "hash": head.hash}, sort_keys=True)
    return Act(
        entry_id=str(uuid4()).encode(),
        occurred_us=now,
        recorded_us=now,
        db_user=b"",
        actor=os_user().encode(),
        program=b"gxy",
        origin=b"",
        action=action.encode(),
        tenant_id=b"",
        subject=b"",
        reason=reason.encode(),
        rows=0,
        details=details.encode(),
    )


def disarmed(act: Act) -> Act:
    """An act of the intake, unable to pass for the sealer's own."""
    return act._replace(action=FORGED + act.action) if act.action.startswith(OWN.encode()) else act


def head_in(details: bytes) -> Head | None:
    """The head that an own act is about; None when the details are not an own act's."""
    try:
        found = json.loads(details)
        return Head(int(found["through"]), str(found["hash"]))
    except (ValueError, KeyError, TypeError):
        return None
