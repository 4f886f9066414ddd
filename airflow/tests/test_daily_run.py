"""A real Airflow runs the daily DAG with the real program on the demo project."""

import json
import os
import subprocess
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from support import Demo, airflow_command

LAYERS = ["staging", "identity", "profiles", "features", "scores", "segments", "activations"]

# What a newcomer would look for first; none of them may be empty after a day.
CORE_TABLES = [
    "identity.profile_map",
    "profiles.profiles",
    "features.order_features",
    "scores.churn_scores",
    "segments.segment_members",
    "activations.audience_members",
]

# After so many days the demo's model is fitted anew, so that a run does everything there is.
RETRAIN_DAYS = 7


@dataclass(frozen=True)
class Airflow:
    """Runs the DAG from the command line, as an operator would."""

    demo: Demo

    def run(self, day: date) -> dict[str, str]:
        """Runs the DAG for a logical date, and returns the state of each task."""
        done = self._call("dags", "test", "cdp_daily", day.isoformat())
        assert done.returncode == 0, done.stdout + done.stderr
        listed = self._call(
            "tasks", "states-for-dag-run", "cdp_daily", f"{day}T00:00:00+00:00", "-o", "json"
        )
        return {row["task_id"]: row["state"] for row in json.loads(listed.stdout)}

    def _call(self, *words: str) -> "subprocess.CompletedProcess[str]":
        where = {"CDP_JOBS_BIN": str(self.demo.program), "CDP_PROJECT": str(self.demo.project)}
        return subprocess.run(
            airflow_command(*words),
            env={**os.environ, **where},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def day(demo: Demo) -> date:
    """A day that the demo has not run yet, on which everything is due."""
    return demo.last_day() + timedelta(days=RETRAIN_DAYS)


@pytest.fixture(scope="module")
def whole(demo: Demo, day: date, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A copy of the demo in which the day was run with one command."""
    copy = demo.copy(tmp_path_factory.mktemp("whole") / "shop")
    copy.run(day)
    return copy


@pytest.fixture(scope="module")
def states(demo: Demo, whole: Demo, day: date) -> dict[str, str]:
    """The states of the tasks after Airflow has run the day in the demo itself."""
    assert whole.project != demo.project
    return Airflow(demo).run(day)


def test_every_task_succeeds(states: dict[str, str]) -> None:
    assert states == dict.fromkeys(["plan", *LAYERS], "success")


@pytest.mark.usefixtures("states")
def test_every_planned_table_exists(demo: Demo, day: date) -> None:
    plan = demo.plan(day)
    assert plan["layers"] == LAYERS
    written = {task["writes"].split("/as_of_date=")[0] for task in plan["tasks"]}
    missing = {path for path in written if not (demo.lake / path / "_delta_log").is_dir()}
    # A lake that never saw a bad row has no quarantine.
    assert missing <= {"ops/quarantine"}


@pytest.mark.usefixtures("states")
@pytest.mark.parametrize("table", CORE_TABLES)
def test_core_tables_have_rows_of_the_day(demo: Demo, day: date, table: str) -> None:
    query = f"select count(*) as row_count from {table} where as_of_date = date '{day}'"
    assert int(demo.sql(query)[0]["row_count"]) > 0


@pytest.mark.usefixtures("states")
def test_layer_by_layer_gives_the_same_tables_as_one_command(demo: Demo, whole: Demo) -> None:
    assert demo.fingerprints() == whole.fingerprints()


@pytest.mark.usefixtures("states")
def test_a_second_run_of_the_day_changes_nothing(demo: Demo, day: date) -> None:
    before = demo.fingerprints()
    states = Airflow(demo).run(day)
    assert set(states.values()) <= {"success", "skipped"}
    assert demo.fingerprints() == before
