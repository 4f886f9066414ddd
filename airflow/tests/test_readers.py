"""Engines that know nothing of `cdp-jobs` read every table of the lake, and agree with it."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from support import NEWEST_MAP, Demo, delta_reader

LAYERS = {"raw", "identity", "profiles", "features", "scores", "segments", "activations", "ops"}

# How DuckDB calls Delta's types.
DUCKDB_TYPES = {
    "binary": "BLOB",
    "boolean": "BOOLEAN",
    "byte": "TINYINT",
    "date": "DATE",
    "double": "DOUBLE",
    "float": "FLOAT",
    "integer": "INTEGER",
    "long": "BIGINT",
    "short": "SMALLINT",
    "string": "VARCHAR",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "timestamp_ntz": "TIMESTAMP",
}

# Reader features that every engine of the day understands.
PLAIN_FEATURES = {"timestampNtz"}


@pytest.fixture(scope="module")
def tables(demo: Demo) -> dict[str, Path]:
    """Every table of the lake."""
    return demo.tables()


@pytest.fixture(scope="module")
def duck() -> duckdb.DuckDBPyConnection:
    """A DuckDB that reads Delta tables."""
    return delta_reader()


def test_every_layer_has_tables(tables: dict[str, Path]) -> None:
    assert {name.split(".")[0] for name in tables} == LAYERS
    assert all(name.count(".") == 1 for name in tables)


def test_three_readers_count_the_same_rows(
    demo: Demo, tables: dict[str, Path], duck: duckdb.DuckDBPyConnection
) -> None:
    by_duckdb = {name: duckdb_count(duck, folder) for name, folder in tables.items()}
    by_deltalake = {name: DeltaTable(folder).count() for name, folder in tables.items()}
    assert by_duckdb == by_deltalake == demo.row_counts()


def test_another_engine_finds_the_map_of_identities(
    demo: Demo, tables: dict[str, Path], duck: duckdb.DuckDBPyConnection
) -> None:
    newest = NEWEST_MAP.format(rows=f"delta_scan('{tables['identity.profile_map']}')")
    query = f"select identifier, profile_id from ({newest}) order by identifier"
    told = demo.sql(
        "select identifier, profile_id from identity.profile_map where as_of_date = "
        "(select max(as_of_date) from identity.profile_map) order by identifier"
    )
    assert told
    assert duck.execute(query).fetchall() == [tuple(row.values()) for row in told]


def test_two_readers_see_the_same_content(
    tables: dict[str, Path], duck: duckdb.DuckDBPyConnection
) -> None:
    differing = [name for name, folder in tables.items() if differs(duck, folder)]
    assert differing == []


def test_columns_have_the_same_names_order_and_types(
    tables: dict[str, Path], duck: duckdb.DuckDBPyConnection
) -> None:
    for name, folder in tables.items():
        schema = json.loads(DeltaTable(folder).schema().to_json())
        declared = [(field["name"], duckdb_type(field["type"])) for field in schema["fields"]]
        described = duck.execute(f"describe from delta_scan('{folder}')").fetchall()
        assert declared == [(row[0], row[1]) for row in described], name


def test_files_hold_no_views_and_no_dictionaries(tables: dict[str, Path]) -> None:
    odd = {
        f"{name}.{field.name}: {field.type}"
        for name, folder in tables.items()
        for file in folder.rglob("*.parquet")
        if "_delta_log" not in file.parts
        for field in pq.read_schema(file)
        if is_odd(field.type)
    }
    assert odd == set()


def test_no_table_needs_an_unusual_reader(tables: dict[str, Path]) -> None:
    for name, folder in tables.items():
        protocol = DeltaTable(folder).protocol()
        assert set(protocol.reader_features or []) <= PLAIN_FEATURES, name


def duckdb_count(duck: duckdb.DuckDBPyConnection, folder: Path) -> int:
    """The rows of a table as DuckDB counts them."""
    row = duck.execute("select count(*) from delta_scan(?)", [str(folder)]).fetchone()
    assert row is not None
    return row[0]


def differs(duck: duckdb.DuckDBPyConnection, folder: Path) -> bool:
    """Whether DuckDB and deltalake see different rows in a table."""
    duck.register("other", DeltaTable(folder).to_pyarrow_table())
    one = f"from delta_scan('{folder}')"
    query = f"({one} except all from other) union all (from other except all {one}) limit 1"
    return duck.execute(query).fetchone() is not None


def duckdb_type(delta: str | dict[str, Any]) -> str:
    """What DuckDB calls a type of Delta."""
    if isinstance(delta, str):
        if delta.startswith("decimal"):
            return delta.upper()
        return DUCKDB_TYPES[delta]
    match delta["type"]:
        case "array":
            return f"{duckdb_type(delta['elementType'])}[]"
        case "map":
            return f"MAP({duckdb_type(delta['keyType'])}, {duckdb_type(delta['valueType'])})"
        case _:
            inner = [f"{field['name']} {duckdb_type(field['type'])}" for field in delta["fields"]]
            return f"STRUCT({', '.join(inner)})"


def is_odd(kind: pa.DataType) -> bool:
    """Whether a type, or one within it, is one that not every engine reads."""
    if pa.types.is_dictionary(kind) or "view" in str(kind):
        return True
    return any(is_odd(kind.field(index).type) for index in range(kind.num_fields))
