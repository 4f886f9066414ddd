"""A real Airflow runs the daily DAG with the real program on the demo project."""

import json
import os
import subprocess
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from support import Demo, Fingerprints, airflow_command

LAYERS = ["staging", "identity", "profiles", "features", "scores", "segments", "activations"]

# What a newcomer would look for first; none of them may be empty after a day.
CORE_TABLES = [
    "identity.profile_map",
    "profiles.profiles",
    "features.order_features",
    "scores.churn_scores",
    "segments.segment_members",
    "activations.audiences",
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


@dataclass(frozen=True)
class Outcome:
    """How the day went in Airflow, and what it should have made."""

    states: dict[str, str]
    whole: Demo


@pytest.fixture(scope="module")
def outcome(demo: Demo, day: date, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Runs the day with Airflow in the demo, and with one command in a copy of it."""
    whole = demo.copy(tmp_path_factory.mktemp("whole") / "shop")
    with whole.running(day):
        states = Airflow(demo).run(day)
    return Outcome(states, whole)


def test_every_task_succeeds(outcome: Outcome) -> None:
    assert outcome.states == dict.fromkeys(["plan", *LAYERS], "success")


@pytest.mark.usefixtures("outcome")
def test_every_planned_table_exists(demo: Demo, day: date) -> None:
    plan = demo.plan(day)
    assert plan["layers"] == LAYERS
    written = {task["writes"].split("/as_of_date=")[0] for task in plan["tasks"]}
    missing = {path for path in written if not (demo.lake / path / "_delta_log").is_dir()}
    # A lake that never saw a bad row has no quarantine.
    assert missing <= {"ops/quarantine"}


@pytest.mark.usefixtures("outcome")
@pytest.mark.parametrize("table", CORE_TABLES)
def test_core_tables_have_rows_of_the_day(demo: Demo, day: date, table: str) -> None:
    query = f"select count(*) as row_count from {table} where as_of_date = date '{day}'"
    assert int(demo.sql(query)[0]["row_count"]) > 0


def test_layer_by_layer_gives_the_same_tables_as_one_command(demo: Demo, outcome: Outcome) -> None:
    assert differing(demo.fingerprints(), outcome.whole.fingerprints()) == {}


@pytest.mark.usefixtures("outcome")
def test_a_second_run_of_the_day_changes_nothing(demo: Demo, day: date) -> None:
    before = demo.fingerprints()
    states = Airflow(demo).run(day)
    # What is up to date is skipped, which is no failure.
    assert set(states.values()) <= {"success", "skipped"}
    assert differing(demo.fingerprints(), before) == {}


def differing(one: Fingerprints, other: Fingerprints) -> dict[str, object]:
    """The tables that are not the same in both, with what each has."""
    names = sorted(one.keys() | other.keys())
    return {
        name: (one.get(name), other.get(name)) for name in names if one.get(name) != other.get(name)
    }
