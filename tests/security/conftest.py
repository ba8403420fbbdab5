"""The server under attack: one of the suite's own, or the one that `GXY_SECURITY_URL` names."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from target import Target, given_target, own_target


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    url = os.environ.get("GXY_SECURITY_URL")
    with given_target(url) if url else own_target(tmp_path_factory.mktemp("security")) as target:
        yield target


@pytest.fixture(scope="session")
def merged(target: Target) -> Target:
    """The target with every mart's rows in as few parts as there can be. A server that is given is left as it is."""
    if "GXY_SECURITY_URL" not in os.environ:
        for table in target.specification.policed:
            target.admin.command(f"optimize table {table} final")
    return target
