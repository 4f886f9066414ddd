"""What each exit code of `cdp-jobs` makes Airflow do, shown on a stand-in for the program."""

import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Timer

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.models.dagrun import DagRun
from airflow.sdk import DAG
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
)

from cdp_dags.command import Command, judge
from support import FakeProgram

LOGICAL_DATE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def dag(dags_folder: Path, monkeypatch: pytest.MonkeyPatch) -> DAG:
    """The daily DAG, which does not wait between tries."""
    # A test run looks once a second whether another task may start.
    monkeypatch.setattr(time, "sleep", lambda _, sleep=time.sleep: sleep(0.01))
    dag = DagBag(dag_folder=dags_folder).dags["cdp_daily"]
    for task in dag.tasks:
        task.retry_delay = timedelta(0)
        task.retry_exponential_backoff = 0
    return dag


def outcome(run: DagRun) -> dict[str, tuple[str, int]]:
    """The final state and the number of tries of each task."""
    return {task.task_id: (str(task.state), task.try_number) for task in run.get_task_instances()}


def test_a_day_calls_plan_and_then_each_layer(dag: DAG, fake: FakeProgram, tmp_path: Path) -> None:
    run = dag.test(logical_date=LOGICAL_DATE)
    assert run.state == "success"
    rest = f"--project {tmp_path}/project --as-of 2026-01-01"
    assert fake.calls() == [
        f"plan {rest} --format json",
        f"run {rest} --select layer:staging",
        f"run {rest} --select layer:identity",
        f"run {rest} --select layer:profiles",
        f"run {rest} --select layer:features",
        f"run {rest} --select layer:scores",
        f"run {rest} --select layer:segments",
        f"run {rest} --select layer:activations",
    ]


def test_the_param_overrides_the_logical_date(dag: DAG, fake: FakeProgram) -> None:
    dag.test(logical_date=LOGICAL_DATE, run_conf={"as_of_date": "2025-12-24"})
    assert all("--as-of 2025-12-24" in call for call in fake.calls())


def test_a_run_without_logical_date_has_the_day_it_was_to_run(dag: DAG, fake: FakeProgram) -> None:
    run_after = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
    dag.test(logical_date=None, run_after=run_after)
    assert all("--as-of 2026-03-04" in call for call in fake.calls())


def test_nothing_to_do_skips_the_layer_and_goes_on(dag: DAG, fake: FakeProgram) -> None:
    fake.ends("features", 99)
    run = dag.test(logical_date=LOGICAL_DATE)
    assert run.state == "success"
    states = outcome(run)
    assert states["features"] == ("skipped", 1)
    assert states["scores"] == states["activations"] == ("success", 1)


def test_a_day_with_nothing_to_do_at_all_is_no_failure(dag: DAG, fake: FakeProgram) -> None:
    for name in ["plan", *dag.task_ids]:
        fake.ends(name, 99)
    run = dag.test(logical_date=LOGICAL_DATE)
    assert run.state == "success"
    assert {state for state, _ in outcome(run).values()} == {"skipped"}


@pytest.mark.parametrize("code", [2, 3, 4])
def test_a_final_code_fails_at_once(dag: DAG, fake: FakeProgram, code: int) -> None:
    fake.ends("profiles", code)
    run = dag.test(logical_date=LOGICAL_DATE)
    assert run.state == "failed"
    states = outcome(run)
    assert states["profiles"] == ("failed", 1)
    assert states["features"][0] == states["activations"][0] == "upstream_failed"
    assert not any("layer:features" in call for call in fake.calls())


def test_an_unreachable_lake_is_tried_again(dag: DAG, fake: FakeProgram) -> None:
    fake.ends("profiles", 5, 5, 0)
    run = dag.test(logical_date=LOGICAL_DATE)
    assert run.state == "success"
    assert outcome(run)["profiles"] == ("success", 3)


def test_tries_are_bounded(dag: DAG, fake: FakeProgram) -> None:
    fake.ends("staging", 5)
    run = dag.test(logical_date=LOGICAL_DATE)
    assert run.state == "failed"
    assert outcome(run)["staging"] == ("failed", 4)


def test_a_faulty_project_stops_the_day_before_any_work(dag: DAG, fake: FakeProgram) -> None:
    fake.ends("plan", 3)
    assert dag.test(logical_date=LOGICAL_DATE).state == "failed"
    assert len(fake.calls()) == 1


def test_a_layer_without_a_task_stops_the_day(dag: DAG, fake: FakeProgram) -> None:
    fake.plans(layers=["staging", "forecasts"])
    assert dag.test(logical_date=LOGICAL_DATE).state == "failed"
    assert len(fake.calls()) == 1


def test_a_missing_program_is_a_clear_failure(tmp_path: Path) -> None:
    command = Command([str(tmp_path / "absent"), "plan"], log=print)
    with pytest.raises(AirflowFailException, match="cdp_jobs_bin"):
        command.run()


def test_lines_are_logged_as_they_come_and_stdout_is_returned() -> None:
    lines: list[str] = []
    script = (
        "import sys; print('one', file=sys.stderr); print('data'); print('zwö', file=sys.stderr)"
    )
    output = Command([sys.executable, "-c", script], log=lines.append).run()
    assert lines == ["one", "zwö"]
    assert output == "data\n"


def test_a_stopped_command_is_ended_and_may_be_tried_again() -> None:
    script = "import sys, time; print('up', file=sys.stderr, flush=True); time.sleep(60)"
    command = Command([sys.executable, "-c", script], log=lambda _: stopper.start())
    stopper = Timer(0, lambda: command.stop())
    with pytest.raises(AirflowException, match=f"signal {int(signal.SIGTERM)}") as caught:
        command.run()
    assert not isinstance(caught.value, AirflowFailException)


def test_every_code_is_judged() -> None:
    judge(0)
    with pytest.raises(AirflowSkipException):
        judge(99)
    for final in (2, 3, 4):
        with pytest.raises(AirflowFailException, match=f"exit code {final}"):
            judge(final)
    for retried in (1, 5, -9):
        with pytest.raises(AirflowException) as caught:
            judge(retried)
        assert not isinstance(caught.value, AirflowFailException)
