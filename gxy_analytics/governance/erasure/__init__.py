"""Erasure: a person's (or a whole tenant's) rows leave every table and file, and a report proves it.

What keeps them from coming back belongs to `suppressions`; finding who is meant to `subjects`.
"""
