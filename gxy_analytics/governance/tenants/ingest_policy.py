"""What a write key grants: the tenant, and that tenant's policy at the door. Checked here before it is stored.

Storing belongs to `ingest_policies`; acting on it to `ingest_service`.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

from gxy_analytics.errors import GxyError

MAX_ENTRIES = 200  # of a list: the whole policy is held and compared in memory by every worker
MAX_RATE = 10**12
DEFAULT_PORTS = {"http": "80", "https": "443"}
ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://"
    r"(?P<host>(?P<wildcard>\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
)
PURPOSE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
URL_PARAMETER = re.compile(r"[^\s&=#?]{1,100}")


class InvalidPolicyError(GxyError):
    """A field of a policy that cannot be."""


class IngestPolicy(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the ingest service treats one tenant. The defaults are those of a tenant without a policy of its own.

    Rates and bursts are in events and in bytes of bodies as stored, over all workers; 0 means the service's default.
    """

    origins: tuple[str, ...] = ()  # as `normal_origin` writes them; empty: any
    events_per_second: int = 0
    events_burst: int = 0
    bytes_per_second: int = 0
    bytes_burst: int = 0
    ip: Literal["truncate", "drop"] = "truncate"
    is_cookieless: bool = False
    honours_gpc: bool = True
    honours_dnt: bool = False
    url_parameters: tuple[str, ...] = ()  # kept in URLs beside those of campaigns
    consent_required: tuple[str, ...] = ()  # purposes that must be granted


DEFAULT_POLICY = IngestPolicy()
FIELDS: tuple[str, ...] = IngestPolicy.__struct_fields__


class Grant(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a request with a valid key may do. `ends_ms` is when the key ends, in ms since the epoch; 0: no end is planned.

    `is_suspended`: the tenant is not active, so that the key is known and nothing is taken with it.
    """

    tenant_id: str
    is_secret: bool = False
    policy: IngestPolicy = DEFAULT_POLICY
    ends_ms: int = 0
    is_suspended: bool = False


def changed(policy: IngestPolicy, changes: dict[str, Any]) -> IngestPolicy:
    """The policy with some fields replaced. Raises InvalidPolicyError naming the field and the remedy."""
    wanted = {**msgspec.structs.asdict(policy), **changes}
    wanted["origins"] = _distinct("origins", map(normal_origin, wanted["origins"]))
    wanted["url_parameters"] = _distinct("url_parameters", map(_url_parameter, wanted["url_parameters"]))
    wanted["consent_required"] = _distinct("consent_required", map(_purpose, wanted["consent_required"]))
    for field in ("events_per_second", "events_burst", "bytes_per_second", "bytes_burst"):
        if not 0 <= wanted[field] <= MAX_RATE:
            raise InvalidPolicyError(f"{field} {wanted[field]} cannot be: use 0 (the service's default) to {MAX_RATE}.")
    return read_policy(wanted)


def read_policy(fields: dict[str, Any]) -> IngestPolicy:
    """A policy from its fields by name; others are ignored. Raises InvalidPolicyError for one of a wrong type."""
    try:
        return msgspec.convert(fields, IngestPolicy)
    except msgspec.ValidationError as error:
        raise InvalidPolicyError(f"the policy is not valid: {error}. Set that field with `gxy tenant policy`.") from error


def normal_origin(text: str) -> str:
    """An origin or pattern as a browser writes it: lower case, without the scheme's own port. Raises InvalidPolicyError.

    `https://*.shop.example` stands for every host below shop.example, at any depth, and not for shop.example itself.
    """
    matched = ORIGIN.fullmatch(text.strip().lower())
    if not matched or int(matched["port"] or 0) > 65535:
        raise InvalidPolicyError(
            f"origin '{text}' is none: use scheme://host[:port] without a path, such as https://shop.example or "
            "https://*.shop.example (other alphabets in punycode: xn--…)."
        )
    if matched["wildcard"] and matched["host"].count(".") < 2:
        raise InvalidPolicyError(
            f"origin '{text}' would let in everybody below that ending: name at least two labels, https://*.shop.example."
        )
    port = matched["port"]
    suffix = f":{port}" if port and port != DEFAULT_PORTS.get(matched["scheme"]) else ""
    return f"{matched['scheme']}://{matched['host']}{suffix}"


def _url_parameter(name: str) -> str:
    if URL_PARAMETER.fullmatch(name):
        return name
    raise InvalidPolicyError(
        f"url_parameters: '{name}' is no name of a parameter: use it as in ?name=, without ? & = # or spaces."
    )


def _purpose(name: str) -> str:
    if PURPOSE.fullmatch(name):
        return name
    raise InvalidPolicyError(
        f"consent_required: '{name}' is no purpose: use 1 to 64 letters, digits and _ . : - as the tracker sends it."
    )


def _distinct(field: str, values: Any) -> tuple[str, ...]:
    distinct = tuple(dict.fromkeys(values))
    if len(distinct) > MAX_ENTRIES:
        raise InvalidPolicyError(
            f"{field} has {len(distinct)} entries: at most {MAX_ENTRIES} are taken; use a wildcard or fewer."
        )
    return distinct
