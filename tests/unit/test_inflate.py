"""Content-Encoding: what clients send comes back, and no bomb is ever held whole."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from functools import partial

import brotli
import pytest
import zstandard

from ingest_service.answers import RefusalError
from ingest_service.inflate import inflate


def bare_deflate(data: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-15)
    return deflater.compress(data) + deflater.flush()


def streamed_zstd(data: bytes) -> bytes:
    """A frame that does not say how long its content is."""
    deflater = zstandard.ZstdCompressor().compressobj()
    return deflater.compress(data) + deflater.flush()


ENCODERS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("GZIP", gzip.compress),
    ("x-gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", bare_deflate),
    ("br", partial(brotli.compress, quality=1)),
    ("zstd", zstandard.ZstdCompressor().compress),
    ("identity", bytes),
]


@pytest.mark.parametrize(("encoding", "encode"), ENCODERS)
def test_a_body_comes_back_as_it_was(encoding: str, encode: Callable[[bytes], bytes]) -> None:
    body = b'{"events": []}' * 500
    assert inflate(encode(body), encoding, len(body)) == body


@pytest.mark.parametrize(("encoding", "encode"), ENCODERS)
def test_one_byte_over_the_limit_is_refused(encoding: str, encode: Callable[[bytes], bytes]) -> None:
    with pytest.raises(RefusalError, match="fewer events") as refused:
        inflate(encode(b"x" * 1001), encoding, 1000)
    assert refused.value.status == 413


@pytest.mark.parametrize(("encoding", "encode"), ENCODERS[:7])
def test_a_bomb_is_refused_without_being_inflated(encoding: str, encode: Callable[[bytes], bytes]) -> None:
    bomb = encode(bytes(30_000_000))
    tracemalloc.start()
    with pytest.raises(RefusalError):
        inflate(bomb, encoding, 1_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_a_damaged_body_is_refused(encoding: str) -> None:
    with pytest.raises(RefusalError, match="not") as refused:
        inflate(b"\x00garbage that is nothing", encoding, 1000)
    assert refused.value.status == 400


@pytest.mark.parametrize(("encoding", "encode"), [ENCODERS[0], ENCODERS[3], *ENCODERS[5:7], ("zstd", streamed_zstd)])
@pytest.mark.parametrize("missing", [1, 4, 20])
def test_a_body_that_ends_too_early_is_refused(encoding: str, encode: Callable[[bytes], bytes], missing: int) -> None:
    with pytest.raises(RefusalError, match="not one whole") as refused:
        inflate(encode(b"some body that is long enough" * 20)[:-missing], encoding, 10_000)
    assert refused.value.status == 400


def test_a_zstd_body_of_several_frames_is_read_whole_and_refused_when_its_last_one_is_not() -> None:
    frames = ENCODERS[6][1](b"first ") + streamed_zstd(b"second")
    assert inflate(frames, "zstd", 12) == b"first second"
    with pytest.raises(RefusalError, match="not one whole"):
        inflate(frames[:-1], "zstd", 12)


def test_an_unknown_encoding_is_named() -> None:
    with pytest.raises(RefusalError, match=r"'compress'.*gzip") as refused:
        inflate(b"", "compress", 10)
    assert refused.value.status == 415
