"""The chain on a real server: tampering is named, writers and sealers may be many, a killed sealer loses and doubles nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from gxy_analytics.governance.audit import retirement, sealing
from gxy_analytics.governance.audit.anchor import read_anchor, write_anchor
from gxy_analytics.governance.audit.chain import Act, ChainKey, Head, Link, digest_of, head_of, link_after
from gxy_analytics.governance.audit.own_acts import now_us
from gxy_analytics.governance.audit.record import InvalidActError, record
from gxy_analytics.governance.audit.retirement import retire
from gxy_analytics.governance.audit.rows import insert_links, stream_links
from gxy_analytics.governance.audit.sealing import drop_sealed_days, seal
from gxy_analytics.governance.audit.trust import BrokenChainError, OtherAuditKeyError
from gxy_analytics.governance.audit.verification import Verdict, verify
from gxy_analytics.warehouse.client import connect
from gxy_analytics.warehouse.embedded import EmbeddedClickHouse

MASTER = bytes(range(32))
KEY = ChainKey.of(MASTER)
OTHER = ChainKey.of(bytes(32))
ROWS = 10
SEALER = """
import sys
from pathlib import Path
from gxy_analytics.governance.audit.sealing import seal
from gxy_analytics.warehouse.client import connect
with connect(sys.argv[1], purpose="audit") as client:
    seal(client, bytes(range(32)), Path(sys.argv[2]), batch_rows=20)
"""


def looked_through(client: Client, data_dir: Path) -> Verdict:
    anchor = read_anchor(data_dir)
    return verify(client, KEY, [anchor] if anchor else [])


def links(client: Client) -> list[Link]:
    return list(stream_links(client, 0))


def delete(client: Client, condition: str) -> None:
    client.command(f"alter table governance.audit delete where {condition} settings mutations_sync = 2")


def update(client: Client, assignment: str, condition: str) -> None:
    client.command(f"alter table governance.audit update {assignment} where {condition} settings mutations_sync = 2")


def put(client: Client, *rows: Link) -> None:
    insert_links(client, list(rows), token=f"attack {now_us()}")


def rehashed(row: Link, **columns: bytes | int) -> Link:
    """A row as an attacker without the key makes it: the hash fits, the seal is an old one."""
    changed = row._replace(**columns)  # type: ignore[arg-type]
    return changed._replace(hash=digest_of(changed))


@pytest.fixture
def sealed(clickhouse: Client, tmp_path: Path) -> Client:
    """Ten sealed rows, anchored in `tmp_path`."""
    for number in range(ROWS):
        record(clickhouse, "vault.read", tenant_id="acme", reason=f"ff{number}", rows=number)
    assert seal(clickhouse, MASTER, tmp_path).head.sequence == ROWS
    return clickhouse


def swap(client: Client) -> None:
    third, seventh = links(client)[2], links(client)[6]
    delete(client, "sequence in (3, 7)")
    put(client, third._replace(sequence=7), seventh._replace(sequence=3))


def move(client: Client) -> None:
    """Two rows change places, each made to follow whom it follows now."""
    rows = links(client)
    delete(client, "sequence in (3, 4)")
    fourth = rehashed(rows[3], sequence=3, previous_hash=rows[1].hash)
    put(client, fourth, rehashed(rows[2], sequence=4, previous_hash=fourth.hash))


def replace(client: Client) -> None:
    row = links(client)[3]
    delete(client, "sequence = 4")
    put(client, rehashed(row, actor=b"nobody"))


def rewrite(first: int) -> Callable[[Client], None]:
    """Everything from row `first` on once more, without one act, under a key of the attacker's own."""

    def attack(client: Client) -> None:
        rows = links(client)
        delete(client, f"sequence >= {first}")
        head = head_of(rows[first - 2]) if first > 1 else Head(0, "0" * 64)
        for row in [*rows[first:], rows[first]]:
            made = link_after(head, Act(*row[1:14]), row.sealed_us, OTHER)
            put(client, made)
            head = head_of(made)

    return attack


def forge_at_the_end(client: Client) -> None:
    last = links(client)[-1]
    put(client, rehashed(last, sequence=ROWS + 1, previous_hash=last.hash))


def forge_a_checkpoint(client: Client) -> None:
    """Give up the first eight rows by a checkpoint of one's own."""
    rows = links(client)
    details = f'{{"through": 8, "hash": "{rows[7].hash.decode()}"}}'.encode()
    put(client, rehashed(rows[-1], sequence=ROWS + 1, previous_hash=rows[-1].hash, action=b"audit.checkpoint", details=details))
    delete(client, "sequence <= 8")


def hide_behind_an_old_checkpoint(client: Client) -> None:
    """A checkpoint that lies before what it gives up is none."""
    rows = links(client)
    details = f'{{"through": 9, "hash": "{rows[8].hash.decode()}"}}'.encode()
    put(client, rehashed(rows[4], action=b"audit.checkpoint", details=details))


ATTACKS: dict[str, tuple[Callable[[Client], None], list[str]]] = {
    "a text is altered": (lambda client: update(client, "reason = 'x'", "sequence = 4"), ["row 4 was altered"]),
    "a number is altered": (lambda client: update(client, "rows = 0", "sequence = 9"), ["row 9 was altered"]),
    "a time is altered": (lambda client: update(client, "occurred_at = now64(6)", "sequence = 1"), ["row 1 was altered"]),
    "two letters become the byte they name": (
        lambda client: update(client, "reason = unhex(reason)", "sequence = 6"),
        ["row 6 was altered"],
    ),
    "a seal is blotted out": (
        lambda client: update(client, "mac = ''", "sequence = 5"),
        ["row 5 was not sealed with the key it names: it was replaced"],
    ),
    "a row is replaced": (replace, ["row 4 was not sealed with the key it names: it was replaced"]),
    "a row is deleted": (lambda client: delete(client, "sequence = 5"), ["row 5 is missing"]),
    "rows are deleted": (lambda client: delete(client, "sequence in (5, 6, 7)"), ["rows 5 to 7 are missing"]),
    "the first row is deleted": (lambda client: delete(client, "sequence = 1"), ["row 1 is missing"]),
    "the end is cut off": (lambda client: delete(client, "sequence > 8"), ["rows 9 to 10 are missing"]),
    "everything is truncated": (lambda client: client.command("truncate table governance.audit"), ["rows 1 to 10 are missing"]),
    "two rows are swapped": (swap, ["row 3 was altered", "row 7 was altered"]),
    "two rows change places": (
        move,
        [
            "row 3 was not sealed with the key it names: it was replaced",
            "row 4 was not sealed with the key it names: it was replaced",
        ],
    ),
    "a row is added at the end": (forge_at_the_end, ["row 11 was not sealed with the key it names: it was replaced"]),
    "a row is added a second time": (lambda client: put(client, links(client)[3]), ["row 4 is there twice"]),
    "the rest is rewritten": (
        rewrite(8),
        [f"row {row} is sealed with another key than the rows before it" for row in (8, 9, 10)]
        + ["3 rows are sealed with another master key than this one"],
    ),
    "everything is rewritten": (
        rewrite(1),
        ["row 10 is not the one that was anchored", "10 rows are sealed with another master key than this one"],
    ),
    "a checkpoint is forged": (forge_a_checkpoint, ["row 11 was not sealed with the key it names: it was replaced"]),
    "a checkpoint is put among older rows": (hide_behind_an_old_checkpoint, ["row 5 is there twice"]),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_tampering_is_named_by_row(sealed: Client, tmp_path: Path, name: str) -> None:
    assert looked_through(sealed, tmp_path).is_whole
    attack, problems = ATTACKS[name]
    attack(sealed)
    found = looked_through(sealed, tmp_path).problems
    twice = {"row 5 was not sealed with the key it names: it was replaced"} if "among older rows" in name else set()
    assert [problem for problem in found if problem not in twice] == problems


@pytest.mark.parametrize(
    "name", ["the end is cut off", "everything is truncated", "a row is added at the end", "everything is rewritten"]
)
def test_nothing_is_sealed_upon_an_end_that_was_tampered_with(sealed: Client, tmp_path: Path, name: str) -> None:
    ATTACKS[name][0](sealed)
    before = links(sealed)
    record(sealed, "vault.read")
    with pytest.raises((BrokenChainError, OtherAuditKeyError), match=r"[Nn]othing was sealed"):
        seal(sealed, MASTER, tmp_path)
    assert links(sealed) == before
    assert sealed.query("select count() from governance.audit_entries").first_row[0] == ROWS + 1


def test_a_chain_restored_from_an_older_backup_goes_on_and_says_so(sealed: Client, tmp_path: Path) -> None:
    delete(sealed, "sequence > 8")
    (tmp_path / "audit" / "head.json").unlink()
    assert seal(sealed, MASTER, tmp_path).head.sequence == ROWS + 1
    assert [row.action for row in links(sealed)[8:]] == [b"audit.anchored", b"vault.read", b"vault.read"]
    assert looked_through(sealed, tmp_path).is_whole


def test_a_head_that_was_noted_elsewhere_shows_what_the_anchor_cannot(sealed: Client) -> None:
    noted = head_of(links(sealed)[-1])
    delete(sealed, "sequence > 8")
    assert verify(sealed, KEY, []).is_whole
    assert verify(sealed, KEY, [noted]).problems == ["rows 9 to 10 are missing"]
    assert verify(sealed, KEY, [Head(8, "0" * 64)]).problems == ["row 8 is not the one that was anchored"]


def test_another_master_key_neither_seals_nor_verifies(sealed: Client, tmp_path: Path) -> None:
    record(sealed, "vault.read")
    with pytest.raises(OtherAuditKeyError, match="Row 10 of"):
        seal(sealed, bytes(32), tmp_path)
    assert verify(sealed, OTHER, []).problems == ["10 rows are sealed with another master key than this one"]


def test_who_may_insert_can_neither_say_who_inserted_nor_speak_for_the_sealer(clickhouse: Client, tmp_path: Path) -> None:
    for column in ("db_user", "recorded_at"):
        with pytest.raises(DatabaseError, match="MATERIALIZED"):
            clickhouse.command(f"insert into governance.audit_entries ({column}) select defaultValueOfTypeName('String')")
    details = '{"through": 1, "hash": "00"}'
    clickhouse.command(
        "insert into governance.audit_entries (entry_id, action, details) "
        "select generateUUIDv4(), 'audit.checkpoint', {d:String}",
        parameters={"d": details},
    )
    seal(clickhouse, MASTER, tmp_path)
    assert [(row.action, row.db_user) for row in links(clickhouse)] == [(b"forged.audit.checkpoint", b"gxy")]
    for action in ("audit.checkpoint", "Vault", "vault read", ""):
        with pytest.raises(InvalidActError):
            record(clickhouse, action)
    with pytest.raises(InvalidActError, match="plain id"):
        record(clickhouse, "vault.read", subject="4711")


def test_an_act_written_twice_by_one_user_counts_once_sealed_or_not(clickhouse: Client, tmp_path: Path) -> None:
    def write() -> None:
        clickhouse.command(
            "insert into governance.audit_entries (entry_id, action) select toUUID('" + "1" * 32 + "'), 'vault.read'"
        )

    for _ in range(2):
        write()
        write()
        seal(clickhouse, MASTER, tmp_path)
    assert len(links(clickhouse)) == 1
    assert clickhouse.query("select count() from governance.audit_entries").first_row[0] == 4


def test_many_writers_and_sealers_of_two_hosts_make_one_whole_chain(
    clickhouse: Client, clickhouse_server: EmbeddedClickHouse, tmp_path: Path
) -> None:
    def write(writer: int) -> None:
        with connect(clickhouse_server.url, purpose="tests") as client:
            for number in range(30):
                record(client, "vault.read", reason=f"{writer}-{number}")

    def keep_sealing(host: int) -> None:
        with connect(clickhouse_server.url, purpose="tests") as client:
            while not done:
                seal(client, MASTER, tmp_path / str(host), batch_rows=7)

    done: list[bool] = []
    with ThreadPoolExecutor(10) as pool:
        sealers = [pool.submit(keep_sealing, host) for host in (1, 1, 2)]
        for writing in [pool.submit(write, writer) for writer in range(6)]:
            writing.result()
        done.append(True)
        for sealing in sealers:
            sealing.result()
    head = seal(clickhouse, MASTER, tmp_path / "1").head
    reasons = [row.reason for row in links(clickhouse) if row.db_user]
    assert sorted(reasons) == sorted(f"{writer}-{number}".encode() for writer in range(6) for number in range(30))
    assert verify(clickhouse, KEY, [head, read_anchor(tmp_path / "2") or head]).is_whole


def test_a_killed_sealer_is_followed_by_one_that_leaves_no_gap_and_no_duplicate(
    clickhouse: Client, clickhouse_server: EmbeddedClickHouse, tmp_path: Path
) -> None:
    rows = 600
    clickhouse.command(
        "insert into governance.audit_entries (entry_id, action, reason) "
        "select generateUUIDv4(), 'vault.read', toString(number) from numbers({rows:UInt64})",
        parameters={"rows": rows},
    )
    for round_ in range(1, 4):
        sealer = subprocess.Popen([sys.executable, "-c", SEALER, clickhouse_server.url, str(tmp_path)])
        while len(links(clickhouse)) < round_ * 100 and sealer.poll() is None:
            time.sleep(0.002)
        sealer.kill()
        sealer.wait()
        assert verify(clickhouse, KEY, []).is_whole
    reached = len(links(clickhouse))
    seal(clickhouse, MASTER, tmp_path)
    assert 300 <= reached < rows
    assert sorted(int(row.reason) for row in links(clickhouse)) == list(range(rows))
    assert looked_through(clickhouse, tmp_path).is_whole


def test_a_sealer_killed_before_it_anchored_is_made_up_for(sealed: Client, tmp_path: Path) -> None:
    write_anchor(tmp_path, head_of(links(sealed)[5]))
    record(sealed, "vault.read")
    assert seal(sealed, MASTER, tmp_path).rows == 1
    assert read_anchor(tmp_path) == head_of(links(sealed)[-1])


def test_the_days_of_the_intake_go_when_all_of_them_is_sealed_and_not_before(clickhouse: Client, tmp_path: Path) -> None:
    record(clickhouse, "vault.read")
    seal(clickhouse, MASTER, tmp_path)
    count = "select count() from governance.audit_entries"
    assert clickhouse.query(count).first_row[0] == 1
    before = clickhouse.query("show create table governance.audit_entries").first_row[0]
    clickhouse.command("alter table governance.audit_entries modify column recorded_at default now64(6, 'UTC')")
    try:
        for days, sealed_too in ((5, True), (4, False)):
            clickhouse.command(
                "insert into governance.audit_entries (entry_id, recorded_at, action) "
                f"select generateUUIDv4(), now64(6, 'UTC') - interval {days} day, 'vault.read'"
            )
            if sealed_too:
                seal(clickhouse, MASTER, tmp_path)
        drop_sealed_days(clickhouse)
        assert clickhouse.query(count).first_row[0] == 2, "today's, and the one that is not sealed"
        seal(clickhouse, MASTER, tmp_path)
    finally:
        clickhouse.command("alter table governance.audit_entries modify column recorded_at materialized now64(6, 'UTC')")
    assert clickhouse.query(count).first_row[0] == 1 and len(links(clickhouse)) == 3
    assert clickhouse.query("show create table governance.audit_entries").first_row[0] == before


def test_old_rows_are_given_up_up_to_a_checkpoint_and_the_rest_is_whole(
    clickhouse: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, now = timedelta(days=400), datetime.now(UTC)
    for days in (450, 440, 410, 390, 0):
        monkeypatch.setattr(sealing, "now_us", lambda days=days: now_us() - days * 86_400_000_000)
        record(clickhouse, "vault.read", rows=days)
        seal(clickhouse, MASTER, tmp_path)
    clickhouse.command("truncate table governance.audit_entries")
    assert retire(clickhouse, MASTER, tmp_path, now - timedelta(days=21), kept) == 0, "a checkpoint gives up a month at least"
    assert retire(clickhouse, MASTER, tmp_path, now, kept) == 3
    rows = links(clickhouse)
    assert [row.sequence for row in rows] == [4, 5, 6] and rows[2].action == b"audit.checkpoint"
    verdict = looked_through(clickhouse, tmp_path)
    assert verdict.is_whole and verdict.given_up == 3
    assert retire(clickhouse, MASTER, tmp_path, now, kept) == 0 and links(clickhouse) == rows
    delete(clickhouse, "sequence = 4")
    assert looked_through(clickhouse, tmp_path).problems == ["row 4 is missing"]


def test_rows_left_by_a_kill_after_the_checkpoint_are_deleted_by_the_next(
    clickhouse: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, now = timedelta(days=400), datetime.now(UTC)
    for days in (450, 0):
        monkeypatch.setattr(sealing, "now_us", lambda days=days: now_us() - days * 86_400_000_000)
        record(clickhouse, "vault.read", rows=days)
        seal(clickhouse, MASTER, tmp_path)
    clickhouse.command("truncate table governance.audit_entries")
    monkeypatch.setattr(retirement, "_delete", lambda client, through: 0)
    retire(clickhouse, MASTER, tmp_path, now, kept)
    assert len(links(clickhouse)) == 3 and looked_through(clickhouse, tmp_path).is_whole
    monkeypatch.undo()
    assert retire(clickhouse, MASTER, tmp_path, now, kept) == 1
    assert [row.sequence for row in links(clickhouse)] == [2, 3] and looked_through(clickhouse, tmp_path).is_whole
