"""Fixtures: a throw-away Airflow, a stand-in for `cdp-jobs`, and a real demo project."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import DAGS, Demo, FakeProgram, airflow_command, airflow_settings, find_program

# Airflow reads its configuration when it is first imported, so its home is chosen before that.
_HOME = tempfile.TemporaryDirectory(prefix="cdp-airflow-")
os.environ.update(airflow_settings(Path(_HOME.name)))


@pytest.fixture(scope="session", autouse=True)
def airflow_home() -> Iterator[Path]:
    """The home of an Airflow on SQLite with an empty, migrated database."""
    subprocess.run(airflow_command("db", "migrate"), check=True, capture_output=True)
    yield Path(_HOME.name)
    _HOME.cleanup()


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeProgram:
    """A stand-in for `cdp-jobs` that Airflow will run, with exit codes of the test's choice."""
    fake = FakeProgram(tmp_path / "fake")
    monkeypatch.setenv("CDP_JOBS_BIN", str(fake.path))
    monkeypatch.setenv("CDP_PROJECT", str(tmp_path / "project"))
    return fake


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo project of a few hundred people, made by the real program."""
    return Demo.make(find_program(), tmp_path_factory.mktemp("demo") / "shop")


@pytest.fixture(scope="session")
def dags_folder() -> Path:
    """The folder with the DAGs."""
    return DAGS
