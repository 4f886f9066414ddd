"""The environment is the one that pyproject.toml asks for."""

import tomllib
from importlib.metadata import version
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent


def test_installed_versions_are_those_of_pyproject() -> None:
    project = tomllib.loads((HOME / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["test"]
    pairs = (requirement.split("==") for requirement in wanted)
    pins = {name.split("[")[0]: pinned for name, pinned in pairs}
    assert {name: version(name) for name in pins} == pins


def test_constraints_name_versions_and_no_host() -> None:
    lines = (HOME / "constraints.txt").read_text().splitlines()
    assert all("==" in line and "//" not in line for line in lines)
