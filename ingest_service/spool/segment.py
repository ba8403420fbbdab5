"""The format of a segment file: header, frames, footer. Pure functions over bytes; opening files belongs to others.

    header   32 bytes   magic, segment number, nonce, crc32c
    frames   8 + n each crc32c of the rest, length n, payload
    zeros               preallocated, not yet written (only before sealing)
    footer   64 bytes   magic, nonce, records, first and last received_ns, end of data, xxh3 of the frames, crc32c (once sealed)

The nonce ties a footer to its segment, so that no body can forge one.
"""

from __future__ import annotations

from pathlib import Path
from struct import Struct
from typing import NamedTuple

from crc32c import crc32c

from gxy_analytics.errors import GxyError

SEGMENT_BYTES = 64 << 20
MAX_PAYLOAD_BYTES = 48 << 20
SUFFIX = ".seg"

_HEADER = Struct("<8sQ8sI4x")
_FOOTER = Struct("<8s8sQqqQQI4x")
_FRAME = Struct("<II")
_LENGTH = Struct("<I")
_HEADER_MAGIC = b"GXYSPOOL"
_FOOTER_MAGIC = b"GXYSEAL1"
HEADER_BYTES = _HEADER.size
FOOTER_BYTES = _FOOTER.size
FRAME_BYTES = _FRAME.size
_ZEROS = bytes(FRAME_BYTES)


class BadSegmentError(GxyError):
    """A segment file whose header is not one of ours."""


class Header(NamedTuple):
    """Identity of a segment: its number in the slot and 8 random bytes."""

    number: int
    nonce: bytes


class Footer(NamedTuple):
    """What a sealed segment holds. `data_end` is the byte offset after the last frame; times are ns since the epoch."""

    nonce: bytes
    records: int
    first_ns: int
    last_ns: int
    data_end: int
    checksum: int


def segment_path(directory: Path, number: int) -> Path:
    """`<directory>/<8-digit number>.seg`."""
    return directory / f"{number:08d}{SUFFIX}"


def segment_number(path: Path) -> int:
    """Inverse of `segment_path`."""
    return int(path.stem)


def list_segments(directory: Path) -> list[Path]:
    """Segment files of a slot, oldest first."""
    return sorted((p for p in directory.glob(f"*{SUFFIX}") if p.stem.isdigit()), key=segment_number)


def pack_header(header: Header) -> bytes:
    """The first HEADER_BYTES of a segment."""
    fields = _HEADER_MAGIC, header.number, header.nonce
    return _HEADER.pack(*fields, crc32c(_HEADER.pack(*fields, 0)[:24]))


def unpack_header(data: bytes) -> Header:
    """Inverse of `pack_header`. Raises BadSegmentError."""
    if len(data) >= HEADER_BYTES:
        magic, number, nonce, checksum = _HEADER.unpack_from(data)
        if magic == _HEADER_MAGIC and checksum == crc32c(data[:24]):
            return Header(number, nonce)
    raise BadSegmentError("not a spool segment, or its header is damaged: move the file out of the spool and keep it.")


def pack_footer(footer: Footer) -> bytes:
    """The last FOOTER_BYTES of a sealed segment."""
    return _FOOTER.pack(_FOOTER_MAGIC, *footer, crc32c(_FOOTER.pack(_FOOTER_MAGIC, *footer, 0)[:56]))


def unpack_footer(data: bytes, nonce: bytes) -> Footer | None:
    """Inverse of `pack_footer`; None unless `data` is a footer of the segment with this nonce."""
    if len(data) != FOOTER_BYTES:
        return None
    magic, *fields, checksum = _FOOTER.unpack(data)
    footer = Footer(*fields)
    ours = magic == _FOOTER_MAGIC and footer.nonce == nonce and checksum == crc32c(data[:56])
    return footer if ours else None


def pack_frame(payload: bytes) -> bytes:
    """Frame of one record. Raises ValueError over MAX_PAYLOAD_BYTES."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"a record of {len(payload)} bytes is over the spool's {MAX_PAYLOAD_BYTES}")
    length = _LENGTH.pack(len(payload))
    return _LENGTH.pack(crc32c(payload, crc32c(length))) + length + payload


def frame_length(data: bytes | memoryview, offset: int) -> int:
    """Bytes that the frame at `offset` claims, its own 8 included; 0 when they lie beyond the data or claim too much."""
    if offset + FRAME_BYTES > len(data):
        return 0
    length: int = _FRAME.unpack_from(data, offset)[1]
    return FRAME_BYTES + length if length <= MAX_PAYLOAD_BYTES else 0


def frame_end(data: bytes | memoryview, offset: int) -> int:
    """Offset after the frame at `offset`, or 0 when no whole frame with a right checksum lies there."""
    length = frame_length(data, offset)
    end = offset + length
    if not length or end > len(data):
        return 0
    (checksum,) = _LENGTH.unpack_from(data, offset)
    return end if crc32c(data[offset + 4 : end]) == checksum else 0


def is_unwritten(data: bytes | memoryview, offset: int) -> bool:
    """Whether preallocated zeros follow instead of a frame. No frame begins with eight: a zero length has another crc32c."""
    head = bytes(data[offset : offset + FRAME_BYTES])
    return head == _ZEROS[: len(head)]
