"""How long what is kept: periods as data, what is over and goes, legal holds that win over all of it, and the report.

Deleting because a person or a tenant asked belongs to `erasure`.
"""
