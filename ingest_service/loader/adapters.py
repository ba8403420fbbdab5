"""The adapters by the protocol that a spool record names. One module a protocol; here they are only listed."""

from __future__ import annotations

from ingest_service.loader.bodies import Adapter
from ingest_service.loader.native import NATIVE
from ingest_service.protocols import native

ADAPTERS: dict[str, Adapter] = {native.PROTOCOL: NATIVE}
