"""Dead letters of a report: opened for whom they are about, and left closed where they are about somebody else as well.

Sealing belongs to `vault.letters`; how a letter's row is found to `rows`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from gxy_analytics.governance.normalisation import normalise_email
from gxy_analytics.governance.privacy_report.rows import Row
from gxy_analytics.governance.vault.letters import LetterSeal
from gxy_analytics.governance.vault.reader import Values

TABLE = "raw.events_rejected"
OF_OTHERS = "Left out: somebody else is named in it too (GDPR Art. 15(4))."
CONTENT = ("raw", "detail", "headers")


def address_hashes(seal: LetterSeal, tenant_id: str, people: Iterable[Values]) -> tuple[str, ...]:
    """What letters are found by that name one of these people's e-mail address."""
    addresses = (normalise_email(values.get("email") or "") for values in people)
    return tuple(seal.address_hash(tenant_id, address) for address in addresses if address)


def opened_letter(seal: LetterSeal, tenant_id: str, row: Row, hers: Collection[str]) -> Row:
    """The row with its content in the clear; `raw` comes as hex. Raises VaultError, UnknownKeyVersionError.

    `hers` are the hashes that she is known by: a letter in which others are named shows that it is there, and no content.
    """
    shown = {name: value for name, value in row.items() if name not in (*CONTENT, "subjects")}
    if not set(row.get("subjects", ())) <= set(hers):
        return shown | {"raw": OF_OTHERS}
    received = bytes.fromhex(row.get("raw", ""))
    if not row.get("seal_version"):
        return shown | {name: row[name] for name in CONTENT if name in row} | {"raw": received.decode("utf-8", "replace")}
    content = seal.open(tenant_id, row["rejected_id"], row["seal_version"], received)
    opened = {"raw": content.raw.decode("utf-8", "replace"), "detail": content.detail, "headers": dict(content.headers)}
    return shown | {name: value for name, value in opened.items() if value}
