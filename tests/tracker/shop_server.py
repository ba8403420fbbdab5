"""The built storefront on one port of loopback, and what it sends: recorded, and passed on to an ingest service if one is given.

It plays the shop's web server with its reverse proxy: `/s/…` is the way to the service, everything else is a file or the app.
What must be sent is in the tests.
"""

from __future__ import annotations

import json
import mimetypes
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

WAY = "/s"
WRITE_KEY = "a-public-key"  # of the built shop; replaced by `write_key` on the way to a service
PASSED_ON = ("content-type", "sp-anonymous", "user-agent", "sec-gpc", "dnt", "origin", "referer", "accept-language")


@dataclass
class Request:
    """One POST as it arrived, and how it was answered."""

    path: str
    headers: dict[str, str]
    events: list[dict[str, str]]
    status: int = 0
    at: float = field(default_factory=time.monotonic)


@dataclass
class Answer:
    """How the next request is answered instead."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0


class ShopServer:
    """Serves `dist`. Requests go to the ingest service at `upstream` under `write_key`, after `answers` are used up."""

    def __init__(self, dist: Path, upstream: str | None = None, write_key: str = WRITE_KEY) -> None:
        self.dist = dist
        self.upstream = upstream
        self.write_key = write_key
        self.requests: list[Request] = []
        self.answers: list[Answer] = []
        self._http = httpx.Client(timeout=20)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def events(self) -> list[dict[str, str]]:
        """Every event that was answered 200, in the order of arrival."""
        return [event for request in self.requests if request.status == 200 for event in request.events]

    def __enter__(self) -> ShopServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._http.close()

    def wait_for(self, holds: Callable[[list[dict[str, str]]], object], seconds: float = 10.0) -> None:
        """Wait until `holds(events)`; fail with what arrived."""
        deadline = time.monotonic() + seconds
        while not holds(self.events):
            assert time.monotonic() < deadline, f"arrived: {[word_of(event) for event in self.events]}"
            time.sleep(0.02)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Record one POST and answer it."""
        request = Request(path, headers, json.loads(body)["data"])
        self.requests.append(request)
        if self.answers:
            answer = self.answers.pop(0)
            time.sleep(answer.delay)
            request.status = answer.status
            return answer.status, answer.headers, b""
        if self.upstream is None:
            request.status = 200
            return 200, {"Content-Type": "text/plain"}, b"ok"
        kept = {name: value for name, value in headers.items() if name in PASSED_ON} | {"x-forwarded-for": "203.0.113.7"}
        url = self.upstream + path.removeprefix(WAY).replace(WRITE_KEY, self.write_key)
        try:
            response = self._http.post(url, content=body, headers=kept)
        except httpx.TransportError:
            request.status = 502  # as a reverse proxy answers for a service that is away
            return 502, {}, b""
        request.status = response.status_code
        said = {name: value for name, value in response.headers.items() if name in ("content-type", "retry-after")}
        return response.status_code, said, response.content

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        shop = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                file = shop.dist / self.path.split("?")[0].lstrip("/")
                file = file if file.is_file() else shop.dist / "index.html"
                kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
                self._answer(200, {"Content-Type": kind}, file.read_bytes())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                self._answer(*shop.take(self.path, headers, body))

            def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def spoken(event: dict[str, str]) -> dict[str, Any]:
    """The self-describing event inside, else {}."""
    return dict(json.loads(event["ue_pr"])["data"]) if "ue_pr" in event else {}


def word_of(event: dict[str, str]) -> str:
    """The e-commerce action, else the schema's name, else the event's type."""
    said = spoken(event)
    return str(said.get("data", {}).get("type") or (said["schema"].split("/")[1] if said else event["e"]))


def entities(event: dict[str, str], name: str) -> list[dict[str, Any]]:
    """The entities whose schema has that name."""
    contexts = json.loads(event.get("co", '{"data": []}'))["data"]
    return [entity["data"] for entity in contexts if entity["schema"].split("/")[1] == name]
