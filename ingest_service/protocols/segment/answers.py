"""What Segment's and RudderStack's clients must be told, found by running them (docs/reference/segment.md)."""

from __future__ import annotations

from ingest_service.answers import Answer, RefusalError, refuse

STORED = Answer(200, b'{"success":true}')  # never 202: RudderStack's Python client takes 200 alone for success
LONG_OVERLOADS = frozenset({"spool_full"})  # clients count a 503 as a failed try and drop the batch after ten; a 429 waits


def refuse_segment(error: RefusalError) -> Answer:
    """`{"code", "message"}`, which RudderStack's Python client needs; a long overload is a 429 with its Retry-After."""
    answer = refuse(error)
    return answer._replace(status=429) if answer.status == 503 and error.refusal.code in LONG_OVERLOADS else answer
