"""Every byte of a ClickHouse data directory as someone with a copy of the disk reads it: compressed files are decompressed.

A compressed file is a row of blocks: 16 bytes checksum, then 1 byte method, 4 bytes size with these 9, 4 bytes size of the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import lz4.block
import zstandard

CHECKSUM, HEADER = 16, 9
NONE, LZ4, ZSTD, MULTIPLE = 0x02, 0x82, 0x90, 0x91
NUMERIC = {0x92, 0x93, 0x94, 0x95, 0x96}
"""Delta, T64, DoubleDelta, Gorilla, AES: codecs of numbers alone here, none of which can hold a text."""


def texts(directory: Path) -> Iterator[tuple[Path, bytes]]:
    """Each file, as it is and (where it is compressed) as its data."""
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            yield path, content
            data = inflate(content)
            if data:
                yield path, data


def inflate(content: bytes) -> bytes:
    """The data of a compressed file; empty when it is none."""
    data, at = bytearray(), 0
    while at + CHECKSUM + HEADER <= len(content):
        start = at + CHECKSUM
        size = int.from_bytes(content[start + 1 : start + 5], "little")
        if size < HEADER or start + size > len(content):
            return b""
        data += _block(content[start : start + size])
        at = start + size
    return bytes(data)


def _block(block: bytes) -> bytes:
    method, length, body = block[0], int.from_bytes(block[5:9], "little"), block[HEADER:]
    if method == LZ4:
        return lz4.block.decompress(body, uncompressed_size=length)
    if method == ZSTD:
        return zstandard.ZstdDecompressor().decompress(body, max_output_size=length)
    if method == MULTIPLE:  # the codec that was applied last is outermost; below it are numbers in another order
        return _block(body[1 + body[0] :])
    return body if method == NONE or method in NUMERIC else b""
