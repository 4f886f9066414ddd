"""What the tests share: finding the program, running it, and a stand-in for it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import duckdb
import duckdb_extension_delta
import pytest
from deltalake import DeltaTable

DAGS = Path(__file__).resolve().parent.parent / "dags"

# The number of rows of each table, and a sum over their content.
Fingerprints = dict[str, tuple[int, str]]

# Enough for a model to be fitted, few enough for seconds.
DEMO_PEOPLE = 300


def airflow_settings(home: Path) -> dict[str, str]:
    """The environment of a quiet Airflow that keeps everything below `home`."""
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "NO_COLOR": "1",
    }


# Tables that a query shows otherwise than they are stored, with what ends the name of their rows.
STORED = {"identity.profile_map": "_log"}

# The newest map of identities, from the rows of a folder or a registered table, as README tells.
NEWEST_MAP = """
select * from (
    select *, row_number() over (partition by identifier order by as_of_date desc) as place
    from {rows} where base_date = (select max(base_date) from {rows})
) where place = 1 and not is_removed
"""


def airflow_command(*words: str) -> list[str]:
    """The words of an `airflow` command of this environment."""
    return [sys.executable, "-m", "airflow", *words]


def find_program() -> Path:
    """The `cdp-jobs` to test: `CDP_JOBS_BIN`, else the newest debug build."""
    if chosen := os.environ.get("CDP_JOBS_BIN"):
        candidates = [Path(chosen)]
    else:
        cache = Path(os.environ.get("CDP_CACHE", Path.home() / ".cache" / "cdp-jobs"))
        targets = [cache / "target", DAGS.parent.parent / "target"]
        if folder := os.environ.get("CARGO_TARGET_DIR"):
            targets.append(Path(folder))
        candidates = [target / "debug" / "cdp-jobs" for target in targets]
    found = [path for path in candidates if path.is_file()]
    if not found:
        looked = ", ".join(str(path) for path in candidates)
        pytest.fail(
            f"no `cdp-jobs` at {looked}; run `cargo build`, or set CDP_JOBS_BIN to its path",
            pytrace=False,
        )
    return max(found, key=lambda path: path.stat().st_mtime)


@dataclass(frozen=True)
class Demo:
    """A demo project with its lake, and the program that made it."""

    program: Path
    project: Path

    @classmethod
    def make(cls, program: Path, project: Path) -> "Demo":
        """Generates the sample world and runs its first day."""
        demo = cls(program, project)
        demo._call("demo", str(project), "--people", str(DEMO_PEOPLE))
        return demo

    def copy(self, project: Path) -> "Demo":
        """The same project and lake in another folder."""
        shutil.copytree(self.project, project)
        return Demo(self.program, project)

    @property
    def lake(self) -> Path:
        """The root of the lake."""
        return self.project / "lake"

    def tables(self) -> dict[str, Path]:
        """Every Delta table of the lake: `layer.name` and its folder."""
        logs = sorted(self.lake.rglob("_delta_log"))
        folders = [log.parent for log in logs]
        return {".".join(folder.relative_to(self.lake).parts): folder for folder in folders}

    def last_day(self) -> date:
        """The latest date that any table speaks for."""
        partitions = [
            values
            for folder in self.tables().values()
            if "as_of_date" in (table := DeltaTable(folder)).metadata().partition_columns
            for values in table.partitions()
        ]
        return max(date.fromisoformat(str(values["as_of_date"])) for values in partitions)

    def plan(self, day: date) -> dict[str, Any]:
        """What a run for a day would do."""
        return json.loads(self._call("plan", *self._of(day), "--format", "json"))

    @contextmanager
    def running(self, day: date) -> Iterator[None]:
        """Runs a whole day with one command, while something else is done."""
        command = [str(self.program), "run", *map(str, self._of(day))]
        with TemporaryFile("w+") as told, subprocess.Popen(command, stderr=told) as process:
            yield
            code = process.wait()
            told.seek(0)
            assert code == 0, told.read()

    def sql(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query, as the program itself sees them."""
        words = ["sql", "--project", self.project, "--limit", "0", "--format", "json", query]
        return json.loads(self._call(*words))

    def row_counts(self) -> dict[str, int]:
        """The rows of every table as they are stored, counted by the program in one query."""
        counts = [
            f"select '{table}' as name, count(*) as row_count from {table}{STORED.get(table, '')}"
            for table in self.tables()
        ]
        rows = self.sql(" union all ".join(counts))
        return {row["name"]: int(row["row_count"]) for row in rows}

    def fingerprints(self) -> Fingerprints:
        """The number of rows of every table and a sum over their content, whatever their order.

        The ledger and the quarantine are left out: they tell of each run by itself.
        """
        duck = delta_reader()
        query = "select count(*), sum(hash(row)::hugeint)::varchar from delta_scan(?) as row"
        return {
            table: duck.execute(query, [str(folder)]).fetchone()
            for table, folder in self.tables().items()
            if not table.startswith("ops.")
        }

    def _of(self, day: date) -> list[object]:
        return ["--project", self.project, "--as-of", day]

    def _call(self, *words: object) -> str:
        command = [str(self.program), *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stderr}"
        return done.stdout


def delta_reader() -> duckdb.DuckDBPyConnection:
    """A DuckDB with the Delta extension of its package, which fetches nothing."""
    folder = Path(duckdb_extension_delta.__file__).parent
    (extension,) = folder.rglob("delta.duckdb_extension")
    offline = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    duck = duckdb.connect(config=offline)
    duck.execute(f"load '{extension}'")
    return duck


# Notes its arguments, tells what it does, and ends with the codes that it finds for its layer:
# one word of `exit-<layer>` for each call, the last one for all later calls.
_FAKE = """#!{python} -S
import json, pathlib, sys
here = pathlib.Path(__file__).parent
words = sys.argv[1:]
with open(here / "calls", "a") as calls:
    calls.write(" ".join(words) + "\\n")
print(json.dumps({{"event": "started"}}), file=sys.stderr, flush=True)
name = words[-1].removeprefix("layer:") if words[0] == "run" else words[0]
if words[0] == "plan":
    day = words[words.index("--as-of") + 1]
    print((here / "plan.json").read_text().replace("DAY", day))
codes = here / ("exit-" + name)
if codes.exists():
    code, *later = codes.read_text().split()
    if later:
        codes.write_text(" ".join(later))
    sys.exit(int(code))
"""


class FakeProgram:
    """A stand-in for `cdp-jobs` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.path = folder / "cdp-jobs"
        self.path.write_text(_FAKE.format(python=sys.executable))
        self.path.chmod(0o755)
        self.plans(layers=["staging", "features"])

    def plans(self, layers: list[str]) -> None:
        """Makes `plan` name these layers."""
        task = {"name": "features.orders", "as_of_date": "DAY", "writes": "features/orders"}
        plan = {"as_of_date": "DAY", "layers": layers, "tasks": [task]}
        plan |= {"training": None, "not_due": []}
        (self.folder / "plan.json").write_text(json.dumps(plan))

    def ends(self, name: str, *codes: int) -> None:
        """Makes `plan` or a layer end with these codes, one for each call."""
        (self.folder / f"exit-{name}").write_text(" ".join(map(str, codes)))

    def calls(self) -> list[str]:
        """The arguments of every call so far."""
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []
