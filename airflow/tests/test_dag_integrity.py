"""The DAGs load in Airflow, and have the shape that is promised."""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG, CronTriggerTimetable
from airflow.serialization.encoders import coerce_to_core_timetable
from airflow.utils.dag_cycle_tester import check_cycle

LAYERS = ["staging", "identity", "profiles", "features", "scores", "segments", "activations"]


@pytest.fixture(scope="module")
def bag(dags_folder: Path) -> DagBag:
    """Every DAG of the folder."""
    return DagBag(dag_folder=dags_folder)


@pytest.fixture(scope="module")
def dag(bag: DagBag) -> DAG:
    """The daily DAG."""
    return bag.dags["cdp_daily"]


def test_every_dag_imports(bag: DagBag) -> None:
    assert bag.import_errors == {}
    assert sorted(bag.dags) == ["cdp_daily"]


def test_every_dag_says_what_it_is(bag: DagBag) -> None:
    for dag in bag.dags.values():
        check_cycle(dag)
        assert dag.doc_md and "as_of_date" in dag.doc_md
        assert dag.description
        assert "cdp" in dag.tags
        assert dag.owner == "data-platform"
        assert all(task.doc_md for task in dag.tasks)


def test_it_runs_daily_one_day_at_a_time_and_never_catches_up(dag: DAG) -> None:
    assert dag.timetable == CronTriggerTimetable("0 0 * * *", timezone="UTC")
    assert dag.catchup is False
    assert dag.max_active_runs == 1


def test_layers_run_in_the_order_of_the_data(dag: DAG) -> None:
    assert [task.task_id for task in dag.topological_sort()] == ["plan", *LAYERS]
    for before, after in zip(["plan", *LAYERS], LAYERS, strict=False):
        assert dag.get_task(after).upstream_task_ids == {before}


def test_a_skipped_layer_stops_nothing(dag: DAG) -> None:
    assert {dag.get_task(layer).trigger_rule for layer in LAYERS} == {"none_failed"}


def test_retries_back_off_and_are_bounded(dag: DAG) -> None:
    for task in dag.tasks:
        assert task.retries == 3
        assert task.retry_exponential_backoff == 2
        assert task.max_retry_delay is not None
        assert task.execution_timeout is not None


def test_each_layer_has_its_asset(dag: DAG) -> None:
    for layer in LAYERS:
        assert [asset.name for asset in dag.get_task(layer).outlets] == [f"cdp_{layer}"]


def test_logical_date_and_interval_end_are_the_as_of_date(dag: DAG) -> None:
    midnight = datetime(2026, 1, 2, tzinfo=UTC)
    timetable = coerce_to_core_timetable(dag.timetable)
    interval = timetable.infer_manual_data_interval(run_after=midnight)
    assert interval.start == interval.end == midnight


def test_parsing_asks_for_no_variable_connection_or_clock(dags_folder: Path) -> None:
    banned = {"get", "now", "utcnow", "today", "getenv", "environ"}
    for path in dags_folder.rglob("*.py"):
        tree = ast.parse(path.read_text())
        found = {word for node in _at_import(tree) for word in _names(node)} & banned
        assert not found, f"{path} uses {found} when it is imported"


def _at_import(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run when a module is imported: everything but the bodies of functions."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _at_import(child)


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.Name):
        yield node.id
