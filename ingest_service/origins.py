"""Whether a browser's `Origin` may send with a key: exact, or one leading `*.` for hosts below a name. Never a suffix of text.

A request without `Origin` comes from a server or an app: nothing is known of it, and with a public key it passes.

What a tenant may list is checked by `gxy_analytics.governance.tenants.ingest_policy`, which also writes it as browsers do.
"""

from __future__ import annotations

from functools import lru_cache

from gxy_analytics.governance.tenants.ingest_policy import Grant
from ingest_service.answers import RefusalError

MAX_ORIGIN_BYTES = 300  # a host name has at most 253: longer ones are not even remembered
SHOWN_BYTES = 200
WILDCARD = "://*."


def check_origin(grant: Grant, origin: bytes | None) -> None:
    """Raises RefusalError (403): for a secret key that any browser shows, for an origin that the tenant does not list."""
    if origin is None:
        return
    if grant.is_secret:
        raise RefusalError(
            403,
            "secret_key_in_browser",
            "this is a secret key and a browser sent it: whoever saw it can use it. "
            "Rotate it (`gxy tenant rotate-key SLUG --secret --overlap 0`) and give the page a public key.",
        )
    if grant.policy.origins and (len(origin) > MAX_ORIGIN_BYTES or not is_allowed(origin, grant.policy.origins)):
        shown = origin[:SHOWN_BYTES].decode("latin-1")
        raise RefusalError(
            403,
            "origin_not_allowed",
            f"origin {shown!r} may not send with this key: add it with `gxy tenant policy SLUG --origin`.",
        )


@lru_cache(maxsize=4096)
def is_allowed(origin: bytes, origins: tuple[str, ...]) -> bool:
    """Whether `origin`, as the header says it, is among `origins`, or below one with a wildcard.

    The answer for each pair is kept: tenants have few origins, and every request of a browser asks.
    """
    sent = origin.decode("latin-1").lower()
    return any(_below(sent, listed) if WILDCARD in listed else sent == listed for listed in origins)


def _below(sent: str, listed: str) -> bool:
    """`https://a.b.shop.example:8443` is below `https://*.shop.example:8443`: same scheme, same port, whole labels in between."""
    scheme, _, parent = listed.partition(WILDCARD)
    start, end = f"{scheme}://", f".{parent}"
    labels = sent[len(start) : -len(end)]
    is_between = sent.startswith(start) and sent.endswith(end) and len(sent) > len(start) + len(end)
    return is_between and all(_is_label(label) for label in labels.split("."))


def _is_label(text: str) -> bool:
    return bool(text) and text.isascii() and text.replace("-", "a").replace("_", "a").isalnum()
