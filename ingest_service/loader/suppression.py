"""Taking what suppressed people did out of a batch: events up to the instant of their request, and dead letters that name them.

Such events are counted as dropped and stored nowhere; what the person does later passes. Who is on the list is in
`governance.suppressions`, keeping the list fresh belongs to `suppression_list`, reading who is named in a letter to `named`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gxy_analytics.governance.suppressions import Suppressions, TenantSuppressions
from gxy_analytics.governance.vault.pseudonyms import CustomerPid
from ingest_service.loader.draft import Draft
from ingest_service.loader.event import Event
from ingest_service.loader.named import read_letter
from ingest_service.loader.timing import Timed

SUPPRESSED = "suppressed"  # the reason to drop


def suppress(draft: Draft, timed: Timed, listed: Suppressions, pid: CustomerPid) -> tuple[Draft, Timed]:
    """The draft and its times without what is suppressed; counted in the draft's drops. `pid` names a customer.

    A batch without a tenant that has a list costs one look-up a request.
    """
    tenants = [listed.of(request.tenant_id) for request in draft.requests] if listed.tenants else ()
    if not any(tenants):
        return draft, timed
    _drop_letters(draft, listed, pid)
    rows = _kept_rows(draft, timed, tenants, pid)
    if len(rows) == len(draft.events):
        return draft, timed
    kept = set(rows)
    for row, owner in enumerate(draft.owner):
        if row not in kept:
            draft.drops[draft.requests[owner].tenant_id, SUPPRESSED] += 1
    return draft.keep(rows), timed.keep(rows)


def is_suppressed(raw: bytes, headers: Mapping[str, str], received_ms: int, listed: TenantSuppressions, pid: CustomerPid) -> bool:
    """Whether a dead letter names somebody on the list and was received, or says it happened, before that one's request."""
    found = read_letter(raw, headers)
    happened_ms = min([received_ms, *found.instants_ms])
    if listed.covers("", found.anonymous, happened_ms):
        return True
    return any(listed.covers(pid(listed.tenant_id, user), (), happened_ms) for user in found.users)


def _kept_rows(draft: Draft, timed: Timed, tenants: Sequence[TenantSuppressions | None], pid: CustomerPid) -> list[int]:
    rows = []
    for row, (owner, event_ms) in enumerate(zip(draft.owner, timed.event_ms, strict=True)):
        listed = tenants[owner]
        if listed is None:
            rows.append(row)
            continue
        # What was received before the request is about the time before it, whatever the client's clock says.
        happened_ms = min(event_ms, draft.requests[owner].received_ms)
        if happened_ms > listed.latest_ms or not _covers(listed, draft.events[row], happened_ms, pid):
            rows.append(row)
    return rows


def _covers(listed: TenantSuppressions, event: Event, happened_ms: int, pid: CustomerPid) -> bool:
    """Whether any of the event's identities is on the list: its customer, its browser, and who it says they were before."""
    if listed.covers("", (event.anonymous_id or "", event.network_id or "", event.previous_id or ""), happened_ms):
        return True
    users = {str(user) for user in (event.user_id, event.previous_id) if user}
    return any(listed.covers(pid(listed.tenant_id, user), (), happened_ms) for user in users)


def _drop_letters(draft: Draft, listed: Suppressions, pid: CustomerPid) -> None:
    kept = []
    for letter in draft.letters:
        tenant = listed.of(letter.request.tenant_id)
        request = letter.request
        if tenant is not None and is_suppressed(letter.raw, request.headers, request.received_ms, tenant, pid):
            draft.drops[tenant.tenant_id, SUPPRESSED] += 1
        else:
            kept.append(letter)
    draft.letters = kept
