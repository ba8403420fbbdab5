"""Every column of every table of ours says in the UI what it holds. That assets have descriptions is in `test_definitions`."""

from __future__ import annotations

import dagster as dg
import pytest

from assets.conventions import column_notes, contracts
from gxy_analytics.definitions import build_defs


@pytest.fixture(scope="module")
def columns() -> dict[tuple[str, ...], list[dg.TableColumn]]:
    """The columns of each asset, by its key."""
    graph = build_defs().resolve_asset_graph()
    schemas = {key: graph.get(key).metadata.get("dagster/column_schema") for key in graph.get_all_asset_keys()}
    return {tuple(key.path): list(getattr(schema, "value", schema).columns) for key, schema in schemas.items() if schema}


def test_every_column_of_every_table_of_ours_is_described(columns: dict[tuple[str, ...], list[dg.TableColumn]]) -> None:
    silent = [f"{'.'.join(key)}.{column.name}" for key, all_ in columns.items() for column in all_ if not column.description]
    assert not silent, "describe them in assets/columns.toml, or in the model's .yml"


def test_every_note_is_about_a_column_of_which_the_schema_files_say_nothing() -> None:
    tables = contracts()
    for database, notes in column_notes().items():
        if database == "everywhere":
            continue
        for table, noted in notes.items():
            for column in noted:
                assert not tables[database, table].columns[column].comment, f"{database}.{table}.{column}"
