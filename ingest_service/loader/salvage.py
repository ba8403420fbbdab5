"""Finding the next whole record behind a damaged one, so that one bad sector does not cost a segment."""

from __future__ import annotations

import os
from pathlib import Path

from ingest_service.spool.reader import read_footer
from ingest_service.spool.segment import frame_end, frame_length

SEARCH_BYTES = 2 << 20  # about two seconds of search, once a damaged record


def resume_after(path: Path, offset: int) -> int | None:
    """Offset of the next whole record behind the damaged one at `offset`, None when none is near."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        footer = read_footer(fd)
        end = footer.data_end if footer else os.fstat(fd).st_size
        data = os.pread(fd, end - offset, offset)
    finally:
        os.close(fd)
    hop = frame_length(data, 0)
    if hop and (offset + hop == end or frame_end(data, hop)):
        return offset + hop
    for position in range(1, min(len(data), SEARCH_BYTES)):
        if frame_end(data, position):
            return offset + position
    return None
