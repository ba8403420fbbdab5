"""Whose request an event is: the one that brought it, or one like it with the address, agent or sending time that it names."""

from __future__ import annotations

import dataclasses

from gxy_analytics.governance.ip import truncate_ip
from ingest_service.loader.clock import request_skew
from ingest_service.loader.draft import Draft, Request
from ingest_service.loader.segment.context import Context
from ingest_service.loader.segment.message import Message
from ingest_service.loader.segment.readers import plain_value
from ingest_service.loader.values import parse_instant

Said = tuple[str, str, int | None]  # truncated address, user agent, sending time in ms


class Owners:
    """The requests of one body. Those that are added count no events as accepted: the first one has them all."""

    def __init__(self, request: Request, draft: Draft) -> None:
        self._request = request
        self._draft = draft
        self._own: Said = (request.ip_truncated, request.user_agent, request.sent_ms)
        self._known = {self._own: len(draft.requests)}
        draft.requests.append(request)

    def of(self, message: Message, context: Context) -> int:
        """Number of the event's request in the draft.

        Only a secret key may say whose address and user agent it is. An address is taken only where the tenant keeps any.
        """
        request = self._request
        address, agent, sent_ms = self._own
        if sent_ms is None and message.sent_at is not None:
            sent_ms = parse_instant(plain_value(message.sent_at))
        if request.is_trusted:
            agent = context.user_agent or agent
            if context.ip and address:
                address = truncate_ip(context.ip) or address
        known = self._known.get((address, agent, sent_ms))
        return self._add(address, agent, sent_ms) if known is None else known

    def _add(self, address: str, agent: str, sent_ms: int | None) -> int:
        request = self._request
        self._known[address, agent, sent_ms] = number = len(self._draft.requests)
        self._draft.requests.append(
            dataclasses.replace(
                request,
                ip_truncated=address,
                user_agent=agent,
                sent_ms=sent_ms,
                skew_ms=request_skew(sent_ms, request.received_ms),
                accepted=0,
            )
        )
        return number
