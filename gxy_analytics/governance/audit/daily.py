"""What the audit does once a day: harvest, seal, give up what is too old. Looking through the chain is `verification`'s."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clickhouse_connect.driver.client import Client

from gxy_analytics.governance.audit.anchor import read_anchor
from gxy_analytics.governance.audit.chain import ChainKey, Head
from gxy_analytics.governance.audit.harvest import Harvest, harvest
from gxy_analytics.governance.audit.retirement import retire
from gxy_analytics.governance.audit.sealing import seal
from gxy_analytics.governance.audit.verification import Verdict, verify
from gxy_analytics.governance.vault.master_key import load_key_ring
from gxy_analytics.settings import Settings


@dataclass(frozen=True)
class Day:
    """What one call did. `sealed` and `retired` are rows."""

    harvest: Harvest
    sealed: int
    retired: int
    head: Head


def bring_up_to_date(client: Client, settings: Settings, now: datetime) -> Day:
    """Harvest the complete hours before `now`, seal everything, retire. Raises BrokenChainError, MissingMasterKeyError."""
    master_key = load_key_ring(settings).root
    harvested = harvest(client, now)
    sealed = seal(client, master_key, settings.data_dir)
    retired = retire(client, master_key, settings.data_dir, now)
    return Day(harvested, sealed.rows, retired, sealed.head)


def look_through(client: Client, settings: Settings, noted: Head | None = None) -> Verdict:
    """Verify the chain against this stack's anchor, and against a head that somebody noted elsewhere.

    Raises MissingMasterKeyError, UnreadableAnchorError.
    """
    master_key = load_key_ring(settings).root
    anchors = [head for head in (read_anchor(settings.data_dir), noted) if head]
    return verify(client, ChainKey.of(master_key), anchors)
