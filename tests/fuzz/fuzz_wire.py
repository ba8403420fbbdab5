"""Requests as bytes on a connection, right and wrong: request lines, headers, lengths, chunks, several at once, no HTTP at all.

What a request says is made by `fuzz_inputs`; here is how it is put on the wire, and how the answers are read.
"""

from __future__ import annotations

import asyncio
import re
from random import Random
from typing import NamedTuple
from urllib.parse import quote

from fuzz_inputs import Input, make_input
from fuzz_mutations import mutate_bytes

PROTOCOLS = ("native", "snowplow", "segment")
MARKER = "fuzz-{}"  # user agent of a request: names its record in the spool
ANSWER_SECONDS, QUIET_SECONDS = 20.0, 0.3
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
NO_HEADER = re.compile(rb"[\0-\x1f\x7f]")
LINES = [
    *(b"GET", b"GET /", b" / HTTP/1.1", b"GET / HTTP/9.9", b"GET / HTTP/1.0", b"\0 / HTTP/1.1", b"POST /v1/events HTTP/1.1 x"),
    *(b"POST http://[::1/v1/events HTTP/1.1", b"CONNECT a:1 HTTP/1.1", b"OPTIONS * HTTP/1.1", b"TRACE /v1/events HTTP/1.1"),
    *(b"POST /v1/%zz%00%ff HTTP/1.1", b"GET /%c0%af/tp2 HTTP/1.1", b"GET /" + b"a" * 70_000 + b" HTTP/1.1", b"PRI * HTTP/2.0"),
    *(b"GET /v1/projects/%ff%fe/settings HTTP/1.1", b"GET /\xff\xfe/tp2 HTTP/1.1", b"POST /v1/events?key=%ff&key=\xff HTTP/1.1"),
]
HEADERS = [
    *(b"no colon", b": empty", b" folded: x", b"a\0b: c", b"Host: a\r\nHost: b", b"X: " + b"y" * 70_000, b"Expect: 100-continue"),
    *(b"Connection: close, upgrade\r\nUpgrade: websocket", b"Expect: 200-maybe", b"Origin: \xff", b"Content-Encoding: gzip"),
    *(b"Authorization: Basic ====", b"Authorization: Basic /////w==", b"Authorization: \xff", b"Cookie: " + b"a=b; " * 2_000),
    *(
        b"Content-Length: 5",
        b"Content-Length: -1",
        b"Content-Length: +5",
        b"Content-Length: 99999999999999999999",
        b"Content-Length: x",
    ),
    *(
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: identity",
        b"Transfer-Encoding: \x0bchunked",
    ),
    b"\r\n".join(b"X-%d: y" % number for number in range(300)),
]


class Sent(NamedTuple):
    """One connection's bytes. `whole` are the requests in it that are right HTTP, in order; None where nobody can say."""

    data: bytes
    whole: list[Input] | None


def connection(seed: int, key: str) -> Sent:
    """What one client sends."""
    chance = Random(seed)
    inputs = [_input(seed * 4 + number, key) for number in range(chance.choice((1, 1, 1, 2, 4)))]
    if chance.random() < 0.4:
        data = b"".join(chunked(one, chance) if one.body and chance.random() < 0.3 else plain(one) for one in inputs)
        return Sent(data, inputs)
    data = b"".join(_wrong(one, chance) for one in inputs)
    return Sent(mutate_bytes(data, chance) if chance.random() < 0.5 else data, None)


def _input(seed: int, key: str) -> Input:
    made = make_input(PROTOCOLS[seed % len(PROTOCOLS)], seed)
    headers = {name: NO_HEADER.sub(b"?", value).strip() for name, value in made.headers.items()}
    return made._replace(headers=headers | {"x-write-key": key.encode(), "user-agent": MARKER.format(seed).encode()})


def head(one: Input, extra: bytes, line: bytes = b"") -> bytes:
    """Request line and headers."""
    query = b"?" + quote(one.query, safe=b"%&=+.-_~").encode() if one.query else b""
    line = line or b"%s %s%s HTTP/1.1" % (one.method.encode(), one.path.encode(), query)
    fields = [b"%s: %s" % (name.encode(), value) for name, value in one.headers.items()]
    return b"\r\n".join([line, b"Host: ingest.example", *fields, extra]) + b"\r\n\r\n"


def plain(one: Input) -> bytes:
    """The request with its length."""
    return head(one, b"Content-Length: %d" % len(one.body)) + one.body


def chunked(one: Input, chance: Random, end: bytes = b"0\r\n\r\n") -> bytes:
    """The request in chunks."""
    pieces, at = [], 0
    while at < len(one.body):
        size = chance.choice((1, 7, 1000, 50_000))
        piece = one.body[at : at + size]
        pieces.append(b"%x\r\n%s\r\n" % (len(piece), piece) if len(pieces) < 500 else b"")
        at += size
    return head(one, b"Transfer-Encoding: chunked") + (b"".join(pieces) if len(pieces) <= 500 else _one_chunk(one)) + end


def _one_chunk(one: Input) -> bytes:
    return b"%x\r\n%s\r\n" % (len(one.body), one.body)


def _wrong(one: Input, chance: Random) -> bytes:
    length = b"Content-Length: %d" % (len(one.body) + chance.choice((-40, -1, 0, 1, 40, 5_000_000, 10**12)))
    kind = chance.randrange(7)
    if kind == 0:
        return head(one, length) + one.body
    if kind == 1:
        return head(one, b"Content-Length: %d" % len(one.body), chance.choice(LINES)) + one.body
    if kind == 2:
        return head(one, chance.choice(HEADERS) + b"\r\n" + b"Content-Length: %d" % len(one.body)) + one.body
    if kind == 3:
        end = chance.choice(
            (
                b"",
                b"0\r\n",
                b"zz\r\n",
                b"-5\r\nhello\r\n0\r\n\r\n",
                b"ffffffffffffffff\r\nx",
                b"0;x=" + b"y" * 20_000 + b"\r\n\r\n",
            )
        )
        return chunked(one, chance, end)
    if kind == 4:
        return head(one, chance.choice(HEADERS)) + chance.choice((b"5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n", one.body))
    if kind == 5:
        return chance.randbytes(chance.randrange(1, 400)) + chance.choice((b"", b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00"))
    return plain(one)[: chance.randrange(len(one.body) + 200)]


async def talk(port: int, sent: Sent) -> list[int]:
    """Send all at once and read what is answered, as much as is due; then hang up. The statuses."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    try:
        writer.write(sent.data)
        while sent.whole is None or len(STATUS.findall(answer)) < len(sent.whole):
            piece = await asyncio.wait_for(reader.read(1 << 16), QUIET_SECONDS if sent.whole is None else ANSWER_SECONDS)
            if not piece:
                break
            answer += piece
    except (ConnectionError, TimeoutError):
        pass  # refused with a reset, or the rest of a request that will not come is waited for
    finally:
        writer.close()
    return [int(status) for status in STATUS.findall(answer)]
