"""Who a dead letter may be about: hashes of the ids and e-mail addresses that can be read in it, so that erasure finds it sealed.

Which ids those are is said in `governance.letter_names`. How an id that could be read becomes a column belongs to the loader.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

from gxy_analytics.governance.letter_names import QUERY_NOTE, named_in_readings, readings
from gxy_analytics.governance.normalisation import normalise_email
from gxy_analytics.governance.suppressions import ANONYMOUS, CUSTOMER, identity_hash
from gxy_analytics.governance.vault.letters import LetterContent, LetterSeal
from gxy_analytics.governance.vault.pseudonyms import CustomerPid

# Begun at the beginning of a word alone: else each character of a long one is tried with 64 after it, 1 s for 2 MB.
_ADDRESS = re.compile(r"(?<![A-Za-z0-9._%+'-])[A-Za-z0-9._%+'-]{1,64}(?:@|%40)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")


MAX_SUBJECTS = 1_000  # as many as a request may have events: 64 kB of hashes in a row, 6 bytes for each that was received
TOO_MANY = "0" * 64
"""In the place of more subjects than that, and nobody's hash: erasure reads the letter itself, and no access report has it."""


def subjects_of(tenant_id: str, content: LetterContent, pid: CustomerPid, seal: LetterSeal) -> list[str]:
    """Hashes of everybody who can be read in the letter, sorted: identity hashes, and keyed hashes of addresses; or TOO_MANY."""
    texts = readings(content.raw.decode("utf-8", "replace"), loosely=False)
    named = named_in_readings(texts, content.headers, loosely=False)
    room = MAX_SUBJECTS - len(named.browsers) - len(named.customers)
    addresses = _addresses([*texts, content.headers.get(QUERY_NOTE, "")], room)
    if len(addresses) > room:
        return [TOO_MANY]
    found = {identity_hash(tenant_id, ANONYMOUS, one) for one in named.browsers}
    found |= {identity_hash(tenant_id, CUSTOMER, pid(tenant_id, one)) for one in named.customers}
    return sorted(found | {seal.address_hash(tenant_id, normalise_email(unquote(one))) for one in addresses})


def _addresses(texts: Iterable[str], room: int) -> set[str]:
    """Addresses as they are written; no more are looked for once there is no room for one of them."""
    found: set[str] = set()
    for text in texts:
        for match in _ADDRESS.finditer(text):
            found.add(match[0])
            if len(found) > room:
                return found
    return found
