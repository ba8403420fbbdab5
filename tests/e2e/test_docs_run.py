"""The shell blocks of README and tutorial, run as printed on a real stack. That their commands exist is in `test_docs.py`."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.e2e.stack_process import GXY, StackProcess, clean_environment, free_port_base

ROOT = Path(__file__).parents[2]
SETUP = re.compile(r"^export PATH=.*\n", re.MULTILINE)
"""A reader's `.venv` is not this process's: its `gxy` is on the path already."""


def blocks_of(page: str, section: str) -> list[str]:
    """The code of one section, cut at empty lines, without its indent."""
    text = (ROOT / page).read_text().split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    return [re.sub(r"^ {4}", "", block, flags=re.MULTILINE) for block in text.split("\n\n") if block.startswith("    ")]


class Reader:
    """Someone who pastes into one shell, in the directory that holds `.gxy`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._before = ""

    def paste(self, block: str) -> str:
        """Run the block after the exports and variables of those before it; return what it prints."""
        script = f"set -euo pipefail\n{self._before}\n{block}"
        env = clean_environment(PATH=f"{GXY.parent}:/usr/local/bin:/usr/bin:/bin")
        done = subprocess.run(("bash", "-c", script), cwd=self._directory, env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
        return done.stdout

    def keep(self, *lines: str) -> None:
        """Have these lines before every later block, as a shell would remember them."""
        self._before = "\n".join((self._before, *lines))


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """Beside a running stack. The directory is outside pytest's, as in `test_stack`."""
    with TemporaryDirectory(prefix="gxy-docs-") as name:
        directory = Path(name)
        stack = StackProcess(directory / "gxy", free_port_base(), "--without", "dagster").ready()
        (directory / ".gxy").symlink_to("gxy")
        yield Reader(directory)
        stack.stop()


def test_the_first_event_of_the_readme_is_answered_as_it_says(reader: Reader) -> None:
    setup, send, answer = blocks_of("README.md", "Send the first event")
    login = SETUP.sub("", setup)
    key = json.loads(reader.paste(login))["write_key"]
    reader.keep('eval "$(gxy env)"')
    assert json.loads(reader.paste(send.replace("<the key>", key))) == json.loads(answer)


def test_the_tenant_of_the_readme_gets_the_login_that_it_says(reader: Reader) -> None:
    [show] = blocks_of("README.md", "Connect a BI tool")
    assert "tenant_my-shop" in reader.paste(show)


def test_the_tutorials_events_become_two_rows_and_a_dead_letter(reader: Reader) -> None:
    add, send, answer, look = (
        block.replace("my-shop", "my-new-shop") for block in blocks_of("docs/tutorial.md", "3. Send events of your own")
    )
    create, assign = add.splitlines()
    [key] = re.findall(r"\bgxy_\w+|\b\w{24,}\b", reader.paste(create))
    reader.keep(assign.replace("<the write key>", key), send.splitlines()[0])
    assert json.loads(reader.paste(send)) == json.loads(answer)
    rows = reader.paste(f"sleep 2\n{look}")
    assert rows.count("visitor-1") == 0 and rows.count("_viewed") == 2
    assert "missing_name" in rows
