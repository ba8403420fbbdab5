"""Places from a MaxMind-format file that the test makes; files that are missing, damaged or replaced."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from ingest_service.enrich.geo import NOWHERE, Geo, GeoDatabaseError, Place, place_of

BERLIN = {
    "country": {"iso_code": "DE"},
    "subdivisions": [{"iso_code": "BE"}],
    "city": {"names": {"en": "Berlin", "de": "Berlin"}},
}
LYON = {"country": {"iso_code": "FR"}, "subdivisions": [{"iso_code": "ARA"}], "city": {"names": {"en": "Lyon"}}}


def write(path: Path, records: dict[str, object]) -> Path:
    """Write the file beside `path` and move it there, as updaters do."""
    writer = MMDBWriter(6, "GeoIP2-City", languages=["en"], ipv4_compatible=True)
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(f"{path}.new")
    return Path(f"{path}.new").replace(path)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return write(tmp_path / "city.mmdb", {"192.0.2.0/24": BERLIN, "2001:db8:1::/48": LYON})


def test_a_truncated_address_has_country_region_and_city(database: Path) -> None:
    places = Geo(database).places
    assert places["192.0.2.0"] == Place("DE", "DE-BE", "Berlin")
    assert places["2001:db8:1::"] == Place("FR", "FR-ARA", "Lyon")


@pytest.mark.parametrize("address", ["198.51.100.0", "2001:db8:2::", "", "not an address", "192.0.2.0/24", "::ffff:0:0:1"])
def test_an_address_that_the_file_does_not_know_is_nowhere(database: Path, address: str) -> None:
    assert Geo(database).places[address] == NOWHERE


def test_without_a_file_everything_is_nowhere() -> None:
    geo = Geo(None)
    geo.refresh()
    assert geo.places["192.0.2.0"] == NOWHERE


def test_a_missing_file_is_an_error_that_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(GeoDatabaseError, match=r"GXY_GEO_DATABASE names .*nothing\.mmdb, which cannot be read"):
        Geo(tmp_path / "nothing.mmdb")


@pytest.mark.parametrize("content", [b"", b"no database", b"\xab\xcd\xefMaxMind.com" * 3, bytes(4096)])
def test_a_damaged_file_is_an_error_that_names_the_setting(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.mmdb"
    path.write_bytes(content)
    with pytest.raises(GeoDatabaseError, match=r"GXY_GEO_DATABASE names .*bad\.mmdb, which is no MaxMind-format file"):
        Geo(path)


def test_a_replaced_file_is_used_from_the_next_refresh_on(database: Path) -> None:
    geo = Geo(database)
    assert geo.places["192.0.2.0"].country == "DE"
    write(database, {"192.0.2.0/24": LYON})
    assert geo.places["192.0.2.0"].country == "DE"
    geo.refresh()
    assert geo.places["192.0.2.0"] == Place("FR", "FR-ARA", "Lyon")


def test_an_update_that_fails_leaves_the_old_file_in_use_and_says_so(database: Path) -> None:
    geo = Geo(database)
    database.unlink()
    geo.refresh()
    assert "GXY_GEO_DATABASE" in geo.untold_problem()
    assert geo.untold_problem() == ""
    assert geo.places["192.0.2.0"].country == "DE"
    write(database, {"192.0.2.0/24": LYON})
    geo.refresh()
    assert (geo.problem, geo.places["192.0.2.0"].country) == ("", "FR")


@pytest.mark.parametrize(
    ("record", "place"),
    [
        ({"registered_country": {"iso_code": "US"}}, Place("US", "", "")),
        ({"country": {"iso_code": "US"}, "subdivisions": []}, Place("US", "", "")),
        ({"subdivisions": [{"iso_code": "BE"}]}, NOWHERE),
        ({"country": "DE", "city": "Berlin", "subdivisions": "BE"}, NOWHERE),
        ({"city": {"names": {"de": "Köln"}}}, NOWHERE),
        ({}, NOWHERE),
    ],
)
def test_what_a_record_lacks_is_empty(record: dict[str, object], place: Place) -> None:
    assert place_of(record) == place


values: st.SearchStrategy[object] = st.recursive(
    st.none() | st.text(max_size=5) | st.integers(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
)


@given(st.fixed_dictionaries({}, optional={name: values for name in ("country", "registered_country", "subdivisions", "city")}))
def test_any_record_is_read(record: dict[str, object]) -> None:
    assert all(isinstance(part, str) for part in place_of(record))
