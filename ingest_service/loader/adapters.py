"""The adapters by the protocol that a spool record names. One module a protocol; here they are only listed."""

from __future__ import annotations

from ingest_service.loader.bodies import Adapter
from ingest_service.loader.native import NATIVE
from ingest_service.loader.segment.adapter import SEGMENT
from ingest_service.loader.snowplow.adapter import SNOWPLOW
from ingest_service.protocols import native
from ingest_service.protocols.segment.wire import PROTOCOL as SEGMENT_PROTOCOL
from ingest_service.protocols.snowplow.wire import PROTOCOL as SNOWPLOW_PROTOCOL

ADAPTERS: dict[str, Adapter] = {native.PROTOCOL: NATIVE, SEGMENT_PROTOCOL: SEGMENT, SNOWPLOW_PROTOCOL: SNOWPLOW}
