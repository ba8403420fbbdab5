"""The wires of this family, the busiest first."""

from __future__ import annotations

from ingest_service.protocols.segment.documents import DocumentWire
from ingest_service.protocols.segment.pixel import PixelWire
from ingest_service.protocols.segment.wire import SegmentWire
from ingest_service.protocols.wire import Wire

SEGMENT_WIRES: tuple[Wire, ...] = (SegmentWire(), PixelWire(), DocumentWire())
