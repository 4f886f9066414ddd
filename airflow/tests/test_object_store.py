"""The job on a lake in an S3 bucket: a real server on this machine, the real program."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import duckdb
import pytest
from deltalake import DeltaTable
from moto.server import ThreadedMotoServer

from support import NEWEST_MAP, Demo

BUCKET = "cdp-lake"
DAY = "2026-01-01"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An S3 server with an empty bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    with urlopen(Request(f"{url}/{BUCKET}", method="PUT")) as answer:  # noqa: S310
        assert answer.status == 200
    yield url
    server.stop()


def environment(endpoint: str) -> dict[str, str]:
    """The credentials and the place of the server, as any AWS client reads them."""
    return os.environ | {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
    }


def test_a_day_on_s3_gives_the_rows_of_a_day_on_disk(demo: Demo, endpoint: str) -> None:
    lake = f"s3://{BUCKET}/lake"
    env = environment(endpoint)
    at = ["--project", str(demo.project), "--lake", lake]

    def call(*words: str) -> str:
        done = subprocess.run(
            [str(demo.program), *words, *at], env=env, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    for file in sorted((demo.project / "data").iterdir()):
        call("load", file.stem, str(file))
    select = "layer:staging,layer:identity,layer:profiles"
    summary = json.loads(call("run", "--as-of", DAY, "--select", select, "--format", "json"))
    assert {record["status"] for record in summary["records"]} == {"succeeded"}
    options = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
    }
    there = DeltaTable(f"{lake}/identity/profile_map", storage_options=options)
    here = DeltaTable(Path(demo.lake) / "identity/profile_map")
    assert map_of_the_day(there)
    assert map_of_the_day(there) == map_of_the_day(here)
    partition = [("as_of_date", "=", DAY)]
    name = "profiles/profile_snapshots"
    there = DeltaTable(f"{lake}/{name}", storage_options=options)
    here = DeltaTable(Path(demo.lake) / name)
    rows = [
        table.to_pyarrow_table(partitions=partition, columns=["profile_id"]).sort_by("profile_id")
        for table in (there, here)
    ]
    assert rows[0].num_rows > 0
    assert rows[0].equals(rows[1])


def map_of_the_day(table: DeltaTable) -> list[tuple[str, str]]:
    """The map of identities of the day, of a Delta table that may hold later days too."""
    duck = duckdb.connect()
    duck.register("stored", table.to_pyarrow_table())
    query = NEWEST_MAP.format(rows=f"(from stored where as_of_date <= date '{DAY}')")
    rows = f"select identifier, profile_id from ({query}) order by identifier"
    return duck.execute(rows).fetchall()
