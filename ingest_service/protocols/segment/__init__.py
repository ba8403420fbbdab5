"""The door's side of Segment's HTTP API and of RudderStack's, which speaks the same: routes, keys, verdicts, answers.

What an event means is decided in `ingest_service.loader.segment`.
"""
