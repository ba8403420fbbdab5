"""One request from HTTP to its answer, the same for every protocol: key, body, understanding, durability, answer.

What differs is asked of the protocol's `Wire`; what is shared with readiness and life of the worker belongs to `Intake`.
"""

from __future__ import annotations

from litestar.types import HTTPScope, Receive, Send

from gxy_analytics.governance.tenants.ingest_policy import Grant
from ingest_service.answers import Answer, ClientGoneError, MalformedBodyError, RefusalError, refuse, send_answer
from ingest_service.intake import Intake
from ingest_service.loader.cut import EVENTS_NOTE
from ingest_service.privacy import opted_out
from ingest_service.protocols.wire import Wire
from ingest_service.request import Body, Headers, headers_of
from ingest_service.screening import screen
from ingest_service.spool.record import RecordFlags

CLIENT_GONE = 499  # in metrics: no status that anybody sees
BROKEN_BODY = refuse(
    RefusalError(400, "broken_body", "the body ended before it was whole, or its chunks are not as HTTP has them.")
)


class Endpoint:
    """An ASGI callable, so that it can be reached without the layers of the framework (60 instead of 144 µs a request)."""

    def __init__(self, intake: Intake, wire: Wire) -> None:
        self._intake = intake
        self.wire = wire

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = headers_of(scope)
        answer = await self.answer(scope, headers, receive)
        await send_answer(send, answer, headers.get(b"origin"))

    async def answer(self, scope: HTTPScope, headers: Headers, receive: Receive) -> Answer:
        """The answer to one request, once everything that it promises is durable."""
        intake = self._intake
        intake.in_flight += 1
        body = Body(headers, receive, intake.max_body_bytes, intake.bodies)
        try:
            answer = await self._accept(scope, headers, body)
        except RefusalError as refusal:
            refusal.__traceback__ = refusal.__cause__ = refusal.__context__ = None  # their frames hold what was read
            body.release()
            await body.discard()
            answer = self.wire.refuse(scope, refusal)
            intake.metrics.count_refusal(self.wire.label, refusal.refusal.code, answer.status)
        except ClientGoneError:
            answer = BROKEN_BODY  # a client that is gone misses it; one whose chunks are none would get the server's own 500
        except Exception:
            intake.metrics.count_defect(self.wire.label)  # the server's 500 says nothing, and writes nothing down
            raise
        finally:
            body.release()
            intake.in_flight -= 1
        intake.metrics.count_request(self.wire.label, CLIENT_GONE if answer is BROKEN_BODY else answer.status)
        return answer

    async def _accept(self, scope: HTTPScope, headers: Headers, sent: Body) -> Answer:
        """The family's 200, once everything is durable. Raises RefusalError, ClientGoneError."""
        intake, wire = self._intake, self.wire
        key = wire.early_key(scope, headers)
        grant = await intake.admit(scope, headers, key) if key or not wire.has_key_in_body else None
        body = await self._read(grant, sent)
        try:
            body = await self._decode(headers, grant, sent, body)
            reading = wire.read(scope, headers, body)
        except MalformedBodyError as error:
            if grant and not opted_out(grant, headers):
                intake.quotas.charge(grant, 1, len(body))
                await self._store(scope, headers, grant, body, wire.notes(scope, headers) | error.notes, RecordFlags.MALFORMED)
            raise
        if grant is None:
            grant = await intake.admit(scope, headers, reading.key)
        if reading.results:
            intake.quotas.charge(grant, len(reading.results), len(reading.body))
            reading.notes = wire.notes(scope, headers) | reading.notes
            reading, flags = screen(grant, headers, wire.protocol, reading)
            if len(reading.results) > 1:
                reading.notes[EVENTS_NOTE] = str(len(reading.results))
            await self._store(scope, headers, grant, reading.body, reading.notes, flags)
            intake.metrics.count_events(reading.results, grant)
        return wire.accept(scope, reading)

    async def _read(self, grant: Grant | None, sent: Body) -> bytes:
        """The body as sent; meanwhile what it announces counts against the tenant's quota, where the tenant is known."""
        if grant is None:
            return await sent.read()
        self._intake.quotas.reserve(grant, sent.announced)
        try:
            return await sent.read()
        finally:
            self._intake.quotas.reserve(grant, -sent.announced)

    async def _decode(self, headers: Headers, grant: Grant | None, sent: Body, body: bytes) -> bytes:
        """The body without its Content-Encoding. One that is too large then has cost its tenant what the largest costs."""
        encoding = headers.get(b"content-encoding")
        if not encoding:
            return body
        try:
            decoded = await self._intake.inflater.inflate(body, encoding.decode("latin-1"))
        except RefusalError as refused:
            if grant and refused.status == 413:
                self._intake.quotas.charge(grant, 0, self._intake.max_body_bytes)
            raise
        sent.hold(len(decoded))
        return decoded

    async def _store(
        self,
        scope: HTTPScope,
        headers: Headers,
        grant: Grant,
        body: bytes,
        notes: dict[str, str],
        flags: RecordFlags = RecordFlags.NONE,
    ) -> None:
        if grant.is_secret:
            flags |= RecordFlags.TRUSTED
        await self._intake.store(scope, headers, grant, self.wire.protocol, body, notes, flags)
