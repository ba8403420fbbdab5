"""What a tenant's policy and the visitor's own signals make of a request, before anything of it is written down.

Opt-outs (Sec-GPC, DNT), the address, cookieless visitors. Consent that stands in a body belongs to `consent`; what is taken out
of events later, to `loader.privacy`.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

from gxy_analytics.governance.ip import truncate_ip
from gxy_analytics.governance.tenants.ingest_policy import Grant
from ingest_service.request import Headers
from ingest_service.salts import DailySalts

VISITOR_NOTE = "gxy-visitor"  # the cookieless pseudonym that takes the place of every identifier
ANONYMOUS_NOTE = "gxy-anonymous"  # the client asked to be nobody: no identifier is kept
NO_ADDRESS_NOTE = "gxy-no-address"
URL_PARAMETERS_NOTE = "gxy-url-parameters"  # names that the tenant keeps in URLs, separated by &
VISITOR_BYTES = 16
GPC, DNT = "gpc", "dnt"  # reasons to drop


class Treatment(NamedTuple):
    """How a request is to be stored: with this address and these notes."""

    address: str
    notes: dict[str, str]


def opted_out(grant: Grant, headers: Headers) -> str:
    """Why nothing of this visitor may be stored: the signal that the tenant honours, else empty."""
    policy = grant.policy
    if policy.honours_gpc and headers.get(b"sec-gpc") == b"1":
        return GPC
    if policy.honours_dnt and headers.get(b"dnt") == b"1":
        return DNT
    return ""


def treat(grant: Grant, headers: Headers, address: str, notes: dict[str, str], salts: DailySalts) -> Treatment:
    """The treatment of a request from `address` (whole, or empty); `notes` are the protocol's own. Raises OSError (salts)."""
    policy = grant.policy
    added: dict[str, str] = {}
    if policy.url_parameters:
        added[URL_PARAMETERS_NOTE] = "&".join(policy.url_parameters)
    if policy.is_cookieless and not grant.is_secret:
        added[VISITOR_NOTE] = visitor_of(salts.current(), grant.tenant_id, address, headers.get(b"user-agent", b""))
    is_hidden = policy.ip == "drop" or NO_ADDRESS_NOTE in notes
    return Treatment("" if is_hidden else truncate_ip(address), notes | added if added else notes)


def visitor_of(salt: bytes, tenant_id: str, address: str, user_agent: bytes) -> str:
    """32 hex characters: BLAKE2b keyed with the day's salt, over tenant, address and user agent."""
    material = b"\0".join((tenant_id.encode(), address.encode(), user_agent))
    return blake2b(material, key=salt, digest_size=VISITOR_BYTES).hexdigest()
