"""A disk that is really full: the service over a small file system in memory, which root may mount."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from ingest_process import KEY, IngestProcess, event, until

from tests.conftest import free_port

SIZE_MB, MORE_MB = 80, 300  # room for one segment of 64 MB; later for several
FILLER = "x" * 1_500_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A mounted tmpfs of SIZE_MB. Skips where that is not allowed."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "gxy-test", str(mounted)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("only root can mount a small file system, and not in every container")
    yield mounted
    subprocess.run(["umount", "--lazy", str(mounted)], check=True)


def grow(disk: Path) -> None:
    subprocess.run(["mount", "-o", f"remount,size={MORE_MB}m", str(disk)], check=True)


def fill_up(disk: Path) -> None:
    """Take what is left, to the last page."""
    with suppress(OSError), (disk / "ballast").open("wb", buffering=0) as ballast:
        while True:
            ballast.write(bytes(4096))


class Poster:
    """Posts large events, one after the other, and remembers which were answered 200."""

    def __init__(self, ingest: IngestProcess) -> None:
        self._client = httpx.Client(base_url=ingest.url, headers={"X-Write-Key": KEY}, timeout=20)
        self._number = 0
        self.accepted: list[str] = []

    def post(self, filler: str = FILLER) -> httpx.Response:
        self._number += 1
        name = f"large-{self._number}"
        answer = self._client.post("/v1/events", json={"events": [event(name, properties={"filler": filler})]})
        if answer.status_code == 200:
            self.accepted.append(name)
        return answer

    def until_refused(self) -> httpx.Response:
        for _ in range(200):
            answer = self.post()
            if answer.status_code != 200:
                return answer
        raise AssertionError("the disk never filled up")


def test_a_full_disk_refuses_keeps_what_was_answered_and_recovers_by_itself(disk: Path) -> None:
    ingest = IngestProcess(disk, free_port(), GXY_LOG_FORMAT="json")
    ingest.start()
    workers = ingest.workers()
    try:
        poster = Poster(ingest)
        refused = poster.until_refused()
        assert len(poster.accepted) > 30
        assert (refused.status_code, refused.json()["code"]) == (503, "spool_unavailable")
        assert int(refused.headers["retry-after"]) > 0
        assert ingest.probe("/readyz") == 503
        assert ingest.probe("/livez") == 200

        fill_up(disk)
        time.sleep(1.5)  # until the watermark has seen it
        answers = [poster.post("small") for _ in range(20)]
        assert {answer.status_code for answer in answers} == {503}
        assert all(int(answer.headers["retry-after"]) > 0 for answer in answers)
        assert httpx.get(f"{ingest.url}/metrics", timeout=10).status_code == 200
        assert ingest.workers() == workers, "a full disk ended a worker"

        os.kill(workers[0], signal.SIGKILL)
        until(lambda: ingest.workers() not in ([], workers), "another worker")
        until(lambda: ingest.probe("/livez") == 200, "it to start on the full disk")
        assert poster.post("small").status_code == 503
        workers = ingest.workers()

        grow(disk)
        until(lambda: ingest.probe("/readyz") == 200, "readiness to come back")
        until(lambda: poster.post().status_code == 200, "requests to be taken again")
        assert ingest.workers() == workers
        assert ingest.stop() == 0
        assert set(ingest.spooled_ids()) == set(poster.accepted)
        codes = {json.loads(line).get("code") for line in (disk / "ingest.log").read_text().splitlines() if line.startswith("{")}
        assert "spool_unavailable" in codes
    finally:
        ingest.stop()
