"""The simulator as a client: it asks again after a refusal, with the same bytes, and waits as long as it is told."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from gxy_analytics.demo.sender import EventsRefusedError, Sender

Script = list[Callable[[dict], tuple[int, dict[str, str], dict]]]


def ok(body: dict) -> tuple[int, dict[str, str], dict]:
    return 200, {}, {"results": [{"event_id": event["event_id"], "status": "ok"} for event in body["events"]]}


def first_again(body: dict) -> tuple[int, dict[str, str], dict]:
    status, headers, answer = ok(body)
    answer["results"][0]["status"] = "retry"
    return status, headers, answer


def busy(status: int, retry_after: str) -> Callable[[dict], tuple[int, dict[str, str], dict]]:
    return lambda body: (status, {"Retry-After": retry_after}, {})


class ScriptedService(ThreadingHTTPServer):
    """Answers requests as the script says, then `ok`; keeps what it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        self.script: Script = []
        self.seen: list[tuple[float, dict, dict[str, str]]] = []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    server: ScriptedService
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(gzip.decompress(self.rfile.read(int(self.headers["Content-Length"]))))
        self.server.seen.append((time.monotonic(), body, dict(self.headers)))
        if self.server.script and (step := self.server.script.pop(0)):
            status, headers, answer = step(body)
        else:
            status, headers, answer = ok(body)
        if status == 0:
            self.close_connection = True
            return
        text = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    server = ScriptedService()
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def sender(service: ScriptedService) -> Iterator[Sender]:
    with Sender(f"http://127.0.0.1:{service.server_port}") as sender:
        yield sender


EVENTS = [b'{"event_id":"a","name":"n"}', b'{"event_id":"b","name":"n"}']


def test_a_batch_is_one_gzipped_request_with_the_key(service: ScriptedService, sender: Sender) -> None:
    answer = sender.send("key", EVENTS).result()
    assert answer.statuses == {"ok": 2}
    [(_, body, headers)] = service.seen
    assert [event["event_id"] for event in body["events"]] == ["a", "b"]
    assert "sent_at" not in body
    assert headers["X-Write-Key"] == "key"
    assert headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_asked_again_after_the_time_it_names_with_the_same_events(
    service: ScriptedService, sender: Sender, status: int
) -> None:
    service.script = [busy(status, "1")]
    answer = sender.send("key", EVENTS).result()
    (first, body, _), (second, again, _) = service.seen
    assert second - first >= 1.0
    assert again == body
    assert (answer.statuses, answer.requests) == ({"ok": 2}, 2)


def test_a_connection_that_breaks_is_opened_again(service: ScriptedService, sender: Sender) -> None:
    service.script = [lambda body: (0, {}, {})]
    assert sender.send("key", EVENTS).result().statuses == {"ok": 2}
    assert service.seen[0][1] == service.seen[1][1]


def test_only_the_events_answered_retry_are_sent_again(service: ScriptedService, sender: Sender) -> None:
    service.script = [first_again]
    assert sender.send("key", EVENTS).result().statuses == {"ok": 2}
    assert [event["event_id"] for event in service.seen[1][1]["events"]] == ["a"]


def test_an_answer_that_retrying_cannot_mend_is_an_error_with_the_remedy(service: ScriptedService, sender: Sender) -> None:
    service.script = [lambda body: (401, {}, {"detail": "unknown key"})]
    with pytest.raises(EventsRefusedError, match=r"401 .*unknown key.* check the write key with `gxy tenant list`"):
        sender.send("key", EVENTS).result()
    assert len(service.seen) == 1
