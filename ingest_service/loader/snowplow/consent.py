"""What a visitor consented to, as the enhanced consent plugin says it: in an event, or in an entity with every event."""

from __future__ import annotations

from typing import Any

from ingest_service.loader.snowplow.readers import text
from ingest_service.loader.snowplow.schema_uri import OWN, SchemaName

CONSENT = SchemaName(OWN, "consent_preferences")
GRANTING = frozenset({"allow_all", "allow_selected", "implicit_consent"})  # of `eventType`; the others grant nothing


def consent_of(data: dict[str, Any]) -> dict[str, bool]:
    """The purposes that were granted; others are not named."""
    scopes = data.get("consentScopes")
    if type(scopes) is not list or text(data.get("eventType")) not in GRANTING:
        return {}
    return {scope: True for scope in scopes if type(scope) is str and scope}
