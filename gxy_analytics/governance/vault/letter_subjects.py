"""Who a dead letter may be about: hashes of the ids and e-mail addresses that can be read in it, so that erasure finds it sealed.

Which ids those are is said in `governance.letter_names`. How an id that could be read becomes a column belongs to the loader.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from gxy_analytics.governance.letter_names import QUERY_NOTE, named_in, readings
from gxy_analytics.governance.normalisation import normalise_email
from gxy_analytics.governance.suppressions import ANONYMOUS, CUSTOMER, identity_hash
from gxy_analytics.governance.vault.letters import LetterContent, LetterSeal
from gxy_analytics.governance.vault.pseudonyms import CustomerPid

# Begun at the beginning of a word alone: else each character of a long one is tried with 64 after it, 1 s for 2 MB.
_ADDRESS = re.compile(r"(?<![A-Za-z0-9._%+'-])[A-Za-z0-9._%+'-]{1,64}(?:@|%40)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")


def subjects_of(tenant_id: str, content: LetterContent, pid: CustomerPid, seal: LetterSeal) -> list[str]:
    """Hashes of everybody who can be read in the letter, sorted: identity hashes, and keyed hashes of addresses."""
    named = named_in(content.raw, content.headers, loosely=False)
    found = {identity_hash(tenant_id, ANONYMOUS, one) for one in named.browsers}
    found |= {identity_hash(tenant_id, CUSTOMER, pid(tenant_id, one)) for one in named.customers}
    texts = [*readings(content.raw.decode("utf-8", "replace"), loosely=False), content.headers.get(QUERY_NOTE, "")]
    addresses = {address for text in texts for address in _ADDRESS.findall(text)}
    return sorted(found | {seal.address_hash(tenant_id, normalise_email(unquote(one))) for one in addresses})
