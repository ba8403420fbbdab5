"""A person is found by any of her identities with all her browsers, nobody else is, and no error says who was looked for."""

from __future__ import annotations

from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from subject_world import MASTER, pid, seal, seen

from gxy_analytics.governance.subjects.subjects import InvalidSubjectError, NoSuchSubjectError, Subject, find_subject
from gxy_analytics.governance.vault.fingerprints import OtherMasterKeyError, check_master_key
from gxy_analytics.governance.vault.vault import VaultError

ANNA, BO = pid("acme", 1), pid("acme", 2)


def find(client: Client, tenant_id: str = "acme", *, key: bytes = MASTER, reason: str = "a test", **identity: Any) -> Subject:
    return find_subject(client, key, tenant_id, reason=reason, **identity)


@pytest.fixture
def people(clickhouse: Client) -> Client:
    """Anna and Bo of acme; another Anna of umbra, with the same address, the same id and the same browser."""
    check_master_key(clickhouse, MASTER, ["acme"])
    seal(clickhouse, "acme", 1, email="Anna@Example.com", first_name="Anna")
    seal(clickhouse, "acme", 2, email="bo@example.com", first_name="Bo")
    seal(clickhouse, "umbra", 1, email="anna@example.com", first_name="Anna")
    seen(clickhouse, "acme", [("phone", ANNA), ("phone", ""), ("laptop", ANNA), ("kiosk", ANNA), ("kiosk", BO), ("bos", BO)])
    seen(clickhouse, "acme", [("stranger", ""), ("", ANNA)])
    seen(clickhouse, "acme", [("new-phone", ANNA)], previous_id="old-phone", network_id="annas-network")
    seen(clickhouse, "umbra", [("phone", pid("umbra", 1)), ("umbras", pid("umbra", 1))])
    return clickhouse


ALL_OF_ANNA = Subject("acme", (ANNA,), ("annas-network", "laptop", "new-phone", "old-phone", "phone"), ("kiosk",))


@pytest.mark.parametrize(
    "identity",
    [
        {"customer_id": 1},
        {"customer_id": " 1 "},
        {"email": "  ANNA@example.COM "},
        {"customer_pid": ANNA},
        {"anonymous_id": "phone"},
    ],
    ids=["customer_id", "customer_id as text", "email", "customer_pid", "anonymous_id"],
)
def test_every_identity_leads_to_the_same_person_and_a_shared_browser_is_named_apart(
    people: Client, identity: dict[str, Any]
) -> None:
    assert find(people, **identity) == ALL_OF_ANNA


def test_a_browser_that_nobody_signed_in_with_is_a_person_of_its_own(people: Client) -> None:
    assert find(people, anonymous_id="stranger") == Subject("acme", (), ("stranger",))


def test_a_browser_that_two_customers_used_names_nobody(people: Client) -> None:
    with pytest.raises(NoSuchSubjectError, match="2 customers of tenant 'acme' used: name the person by customer_id or email"):
        find(people, anonymous_id="kiosk")


def test_two_accounts_with_one_address_are_one_person_with_the_browser_both_used(people: Client) -> None:
    second = seal(people, "acme", 3, email="anna@example.com")
    seen(people, "acme", [("laptop", second), ("tablet", second)])
    found = find(people, email="anna@example.com")
    assert found.customer_pids == tuple(sorted((ANNA, second)))
    assert set(found.anonymous_ids) == {*ALL_OF_ANNA.anonymous_ids, "tablet"}
    assert found.shared_ids == ("kiosk",)


def test_links_that_only_a_built_table_still_knows_are_followed(people: Client) -> None:
    columns = "tenant_id String, visitor_id String, customer_pid String"
    people.command(f"create table marts.identity_links ({columns}) engine MergeTree order by ()")
    links = [["acme", "forgotten", ANNA], ["acme", ANNA, ANNA], ["acme", "phone", BO], ["umbra", "elsewhere", ANNA]]
    people.insert("identity_links", links, column_names=["tenant_id", "visitor_id", "customer_pid"], database="marts")
    assert find(people, customer_id=1) == Subject(
        "acme", (ANNA,), ("annas-network", "forgotten", "laptop", "new-phone", "old-phone"), ("kiosk", "phone")
    )


@pytest.mark.parametrize(
    "identity",
    [{"customer_id": 99}, {"email": "nobody.here@example.com"}, {"customer_pid": "f" * 64}, {"anonymous_id": "never-seen"}],
    ids=["customer_id", "email", "customer_pid", "anonymous_id"],
)
def test_an_unknown_person_is_an_error_that_names_field_and_remedy_and_never_the_value(
    people: Client, identity: dict[str, Any]
) -> None:
    ((field, value),) = identity.items()
    with pytest.raises(NoSuchSubjectError, match=f"Nobody is known by this {field} in tenant 'acme': check the tenant") as caught:
        find(people, **identity)
    assert str(value) not in str(caught.value)


def test_the_same_identity_in_another_tenant_is_another_person(people: Client) -> None:
    assert find(people, "umbra", email="anna@example.com").customer_pids == (pid("umbra", 1),)
    assert find(people, "umbra", anonymous_id="phone").anonymous_ids == ("phone", "umbras")
    with pytest.raises(NoSuchSubjectError):
        find(people, "umbra", customer_pid=ANNA)


@pytest.mark.parametrize(
    ("identity", "message"),
    [
        ({}, "exactly one of customer_id, email, customer_pid, anonymous_id; 0 were given"),
        ({"customer_id": 1, "email": "a@b.example"}, "2 were given"),
        ({"email": "secret-name"}, "email is no address"),
        ({"customer_pid": "SECRET"}, "customer_pid is no pseudonym"),
        ({"anonymous_id": "  "}, "anonymous_id is empty"),
        ({"customer_id": 1, "reason": " "}, "reason is empty"),
    ],
)
def test_what_cannot_name_a_person_is_refused_without_being_repeated(
    clickhouse: Client, identity: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidSubjectError, match=message) as caught:
        find(clickhouse, **identity)
    assert "secret" not in str(caught.value).lower()


def test_another_master_key_is_refused_and_not_a_person_who_is_not_there(people: Client) -> None:
    with pytest.raises(OtherMasterKeyError):
        find(people, key=MASTER[::-1], customer_id=1)
    with pytest.raises(VaultError):
        find(people, "umbra", key=MASTER[::-1], email="anna@example.com")


def test_looking_for_somebody_makes_no_tenant_known(people: Client) -> None:
    with pytest.raises(NoSuchSubjectError):
        find(people, "acme-typo", customer_id=1)
    assert people.query("select tenant_id from governance.tenant_keys").result_rows == [("acme",)]


def test_no_query_that_was_run_holds_the_address(people: Client) -> None:
    find(people, email="anna@example.com")
    people.command("system flush logs")
    asked = "select count() from system.query_log where query ilike '%anna@' || 'example%'"
    assert people.query(asked).result_rows == [(0,)]
