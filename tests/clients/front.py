"""A server in front of the service: it records every request, passes it on, and misbehaves when told; it also serves the shop.

It stands for the network and the load balancer of a real deployment. What clients must make of it belongs to the tests.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}
UPSTREAM_SECONDS = 20.0
SHOP_DESTINATIONS = ("document", "script", "image")  # a browser says what it asks for; a tracker's calls are none of these


@dataclass(frozen=True)
class Fault:
    """What happens to a request instead of being passed on and answered."""

    status: int | None = None  # answered; None: the connection is closed without an answer
    is_passed_on: bool = False  # whether the service saw the request all the same
    retry_after: int | None = None
    seconds: float = 0.0  # before answering or closing
    edit: Callable[[bytes], bytes] | None = None  # the body on the way to the service, whose own answer is then given


def refuse(status: int, retry_after: int | None = None) -> Fault:
    """The service never sees the request."""
    return Fault(status, retry_after=retry_after)


def forget(status: int | None = 500) -> Fault:
    """The service stores it, and the client hears of an error, or nothing when `status` is None."""
    return Fault(status, is_passed_on=True)


def hang(seconds: float) -> Fault:
    """Silence, then a closed connection."""
    return Fault(seconds=seconds)


def tamper(edit: Callable[[bytes], bytes]) -> Fault:
    """What the service gets is not what the client sent; what it answers is what the client gets."""
    return Fault(is_passed_on=True, edit=edit)


@dataclass
class Exchange:
    """One request and what became of it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)
    status: int | None = None
    answer: bytes = b""
    answer_headers: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None
    is_over: bool = False  # the answer, or the closed connection, is on its way
    over_at: float = float("inf")

    @property
    def retry_after(self) -> int | None:
        """Seconds that the answer asked to wait."""
        found = {name.lower(): value for name, value in self.answer_headers.items()}.get("retry-after")
        return int(found) if found else None

    @property
    def is_event(self) -> bool:
        """Whether it carries events (and is no preflight, settings document or page)."""
        route = urlsplit(self.path).path
        return self.method == "POST" or route in ("/i", "/ice.png") or route.startswith("/pixel/")


Plan = Callable[[Exchange], Fault | None]


class Front:
    """The server. `upstream` is the service's URL; without one it is a recorder that answers 200 to everything."""

    def __init__(self, upstream: str | None = None, page: Callable[[str], tuple[str, bytes] | None] | None = None) -> None:
        self.upstream = upstream
        self.page = page
        self.exchanges: list[Exchange] = []
        self._faults: deque[Fault] = deque()
        self._outage: Plan | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._server = Server(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"front": self}))
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Front:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def next(self, *faults: Fault) -> None:
        """The next requests that carry events meet these faults, one each."""
        with self._lock:
            self._faults.extend(faults)

    def outage(self, fault: Fault | Plan) -> None:
        """Every request that carries events meets this fault, or what a plan says of it, until `recover`."""
        self._outage = fault if callable(fault) else lambda _: fault

    def recover(self) -> None:
        self._outage = None
        with self._lock:
            self._faults.clear()

    def events(self) -> list[Exchange]:
        """The requests that carried events, as far as they are over."""
        return [exchange for exchange in list(self.exchanges) if exchange.is_event and exchange.is_over]

    def statuses(self) -> list[int | None]:
        """What those were answered with."""
        return [exchange.status for exchange in self.events()]

    def handle(self, exchange: Exchange) -> None:
        """Decide, pass on, and fill in the answer."""
        self.exchanges.append(exchange)
        exchange.fault = fault = self._take(exchange) if exchange.is_event else None
        if fault is None or fault.is_passed_on:
            self._pass_on(exchange)
        if fault and fault.edit is None:
            self._stopping.wait(fault.seconds)
            exchange.status = fault.status
            exchange.answer = b'{"code":"fault","message":"the test says so"}'
            exchange.answer_headers = cors(exchange) | {"Content-Type": "application/json"}
            if fault.retry_after is not None:
                exchange.answer_headers["Retry-After"] = str(fault.retry_after)

    def _take(self, exchange: Exchange) -> Fault | None:
        with self._lock:
            if self._faults:
                return self._faults.popleft()
            return self._outage(exchange) if self._outage else None

    def _pass_on(self, exchange: Exchange) -> None:
        if self.upstream is None:
            exchange.status, exchange.answer, exchange.answer_headers = 200, b'{"success":true}', cors(exchange)
            return
        headers = {name: value for name, value in exchange.headers.items() if name.lower() not in HOP_BY_HOP}
        connection = http.client.HTTPConnection(urlsplit(self.upstream).netloc, timeout=UPSTREAM_SECONDS)
        try:
            edit = exchange.fault.edit if exchange.fault else None
            body = edit(exchange.body) if edit else exchange.body
            connection.request(exchange.method, exchange.path, body or None, headers)
            response = connection.getresponse()
            exchange.answer = response.read()
            exchange.status = response.status
            exchange.answer_headers = {name: value for name, value in response.getheaders() if name.lower() not in HOP_BY_HOP}
        except (OSError, http.client.HTTPException):
            exchange.status = None
        finally:
            connection.close()


def cors(exchange: Exchange) -> dict[str, str]:
    """What a load balancer that answers for a service must say, or a browser hides its answer from the page."""
    headers = {name.lower(): value for name, value in exchange.headers.items()}
    if "origin" not in headers:
        return {}
    return {
        "Access-Control-Allow-Origin": headers["origin"],
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Headers": headers.get("access-control-request-headers", ""),
        "Access-Control-Expose-Headers": "Retry-After",
    }


class Server(ThreadingHTTPServer):
    """A thread a connection; a browser that resets one is no news."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: closed tabs and killed clients are what the tests are about."""


class Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with keep-alive; all decisions are `front`'s."""

    front: Front
    protocol_version = "HTTP/1.1"
    timeout = 30

    def _serve(self) -> None:
        if self._serve_page():
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        exchange = Exchange(self.command, self.path, dict(self.headers.items()), body)
        self.front.handle(exchange)
        if exchange.status is None:
            self.close_connection = True
        else:
            self._answer(exchange.status, exchange.answer_headers, exchange.answer)
        exchange.is_over, exchange.over_at = True, time.monotonic()

    do_GET = do_HEAD = do_POST = do_OPTIONS = do_PUT = _serve  # noqa: N815

    def _serve_page(self) -> bool:
        if self.front.page is None or self.command != "GET" or self.headers.get("Sec-Fetch-Dest") not in SHOP_DESTINATIONS:
            return False
        found = self.front.page(self.path)
        if found is None:
            self._answer(404, {}, b"")
            return True
        self._answer(200, {"Content-Type": found[0], "Cache-Control": "no-store"}, found[1])
        return True

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        with suppress(OSError):  # the client may be gone: a closed tab
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet: `Front.exchanges` has it all."""
