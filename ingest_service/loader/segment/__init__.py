"""Calls of Segment and RudderStack as canonical events: one module a part of a call, and tables of what goes where.

HTTP and verdicts belong to `ingest_service.protocols.segment`; personal data to `loader.privacy`.
"""
