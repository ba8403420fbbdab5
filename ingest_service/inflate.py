"""Undoing a Content-Encoding without ever holding more than the limit. Reading the body off the wire belongs to `request`."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import brotli
import zstandard

from ingest_service.answers import MalformedBodyError, Refusal, RefusalError

ENCODING_NOTE = "content-encoding"  # of a record whose body is still as it was sent
INLINE_BYTES = 128 << 10  # inflated at once: 0.3 ms of gzip; 2 MB of it would hold up every other request for 5 ms
NEVER_INLINE = {"br"}  # fills its window of up to 16 MiB before it gives the first byte: 1 to 6 ms
MAX_ZSTD_WINDOW_BYTES = 8 << 20  # what RFC 9659 lets a Content-Encoding ask for


class UndecodableBodyError(MalformedBodyError):
    """A body that is not what its Content-Encoding says. It is kept as it was sent, with the encoding noted."""

    def __init__(self, encoding: str, message: str) -> None:
        super().__init__(message)
        self.refusal = Refusal("bad_encoding", message)
        self.notes = {ENCODING_NOTE: encoding}


def inflate(body: bytes, encoding: str, limit: int) -> bytes:
    """`body` as it was before the client encoded it.

    `limit` is the largest result in bytes. Raises UndecodableBodyError (400) for a damaged body, RefusalError 413 over the limit
    and 415 for an unknown encoding.
    """
    decoder = _DECODERS.get(encoding.strip().lower())
    if decoder is None:
        known = ", ".join(sorted(_DECODERS))
        raise RefusalError(415, "unknown_encoding", f"Content-Encoding {encoding[:40]!r} is not one of {known}.")
    try:
        inflated = decoder(body, limit)
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise UndecodableBodyError(encoding, f"the body is not valid {encoding}: {error}.") from error
    if inflated is None:
        raise UndecodableBodyError(encoding, f"the body is not one whole {encoding} stream.")
    if len(inflated) > limit:
        raise RefusalError(413, "body_too_large", f"the body inflates to more than {limit} bytes: send fewer events at once.")
    return inflated


class Inflater:
    """Undoes encodings for one worker: small bodies at once, large ones one after the other in a thread of its own.

    The decoders let go of the interpreter's lock, so a tenant that sends bombs takes time of another core and not of the loop.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="inflate")

    async def inflate(self, body: bytes, encoding: str) -> bytes:
        """As the function, within the worker's limit."""
        if encoding.strip().lower() not in NEVER_INLINE:
            try:
                return inflate(body, encoding, min(INLINE_BYTES, self._limit))
            except RefusalError as refused:
                if refused.status != 413 or self._limit <= INLINE_BYTES:
                    raise
        return await asyncio.get_running_loop().run_in_executor(self._thread, inflate, body, encoding, self._limit)


def _zlib(body: bytes, limit: int, window_bits: int) -> bytes | None:
    inflater = zlib.decompressobj(window_bits)
    inflated = inflater.decompress(body, limit + 1)
    whole = inflater.eof and not inflater.unused_data
    return inflated if whole or len(inflated) > limit else None


def _gzip(body: bytes, limit: int) -> bytes | None:
    return _zlib(body, limit, 31)


def _deflate(body: bytes, limit: int) -> bytes | None:
    """zlib by the standard; bare deflate because some clients send it."""
    try:
        return _zlib(body, limit, 15)
    except zlib.error:
        return _zlib(body, limit, -15)


def _brotli(body: bytes, limit: int) -> bytes | None:
    inflater = brotli.Decompressor()
    inflated = inflater.process(body, output_buffer_limit=limit + 1)
    while len(inflated) <= limit and not inflater.is_finished():
        more = inflater.process(b"", output_buffer_limit=limit + 1 - len(inflated))
        if not more:
            return None
        inflated += more
    return inflated


def _zstd(body: bytes, limit: int) -> bytes | None:
    """Within the limit first; a stream that ends early gives what there is, so each frame is then asked whether it is whole."""
    inflater = zstandard.ZstdDecompressor(max_window_size=MAX_ZSTD_WINDOW_BYTES)
    with inflater.stream_reader(body, read_across_frames=True) as reader:
        inflated = reader.read(limit + 1)
    return inflated if len(inflated) > limit or _has_whole_frames(body, inflater) else None


def _has_whole_frames(body: bytes, inflater: zstandard.ZstdDecompressor) -> bool:
    """Whether `body`, known to inflate to little, ends where its last frame ends (11 µs for 32 kB of JSON)."""
    rest = body
    while rest:
        frame = inflater.decompressobj()
        frame.decompress(rest)
        if not frame.eof:
            return False
        rest = frame.unused_data
    return bool(body)


_DECODERS: dict[str, Callable[[bytes, int], bytes | None]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
    "identity": lambda body, limit: body,
}
