"""Operators that run `cdp-jobs` for the date of a DAG run."""

import json
from datetime import UTC
from typing import Any

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowFailException

from cdp_dags.command import Command, Settings
from cdp_dags.layers import LAYERS, layer_asset


def as_of_date(context: Context) -> str:
    """The date D that a DAG run speaks for: what was known before D 00:00 UTC.

    It is the param `as_of_date` when given, else the UTC day of the logical date. A run that was
    started without a logical date has the UTC day after which it was to run, so that it keeps its
    date when its tasks are cleared and run again later.
    """
    if chosen := context["params"].get("as_of_date"):
        return str(chosen)
    dag_run = context["dag_run"]
    moment = dag_run.logical_date or dag_run.run_after
    return moment.astimezone(UTC).date().isoformat()


class CdpJobsOperator(BaseOperator):
    """Runs one `cdp-jobs` command; subclasses say which."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._command: Command | None = None

    def on_kill(self) -> None:
        """Ends the command when the task is cleared, marked, or shut down."""
        if self._command is not None:
            self._command.stop()

    def run_command(self, *arguments: str) -> str:
        """Runs a command on the project and returns what it printed."""
        words = Settings.read().command(*arguments)
        self.log.info("$ %s", " ".join(words))
        self._command = Command(words, log=lambda line: self.log.info("%s", line))
        return self._command.run()


class CdpPlanOperator(CdpJobsOperator):
    """Plans the day: finds faults before any work is done, and logs what will be written."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Returns the date, the layers and the number of tasks."""
        day = as_of_date(context)
        plan = json.loads(self.run_command("plan", "--as-of", day, "--format", "json"))
        for task in plan["tasks"]:
            self.log.info("%s for %s writes %s", task["name"], task["as_of_date"], task["writes"])
        if plan["training"]:
            self.log.info("training is due: %s", plan["training"])
        for model in plan["not_due"]:
            self.log.info("%s is not due: %s", model["name"], model["reason"])
        check_layers(plan["layers"])
        return {
            "as_of_date": day,
            "layers": plan["layers"],
            "tasks": len(plan["tasks"]),
        }


class CdpRunLayerOperator(CdpJobsOperator):
    """Runs every model of one layer for the day."""

    def __init__(self, *, layer: str, **kwargs: Any) -> None:
        super().__init__(outlets=[layer_asset(layer)], **kwargs)
        self.layer = layer

    def execute(self, context: Context) -> None:
        """Replaces the day's partitions of the layer, and says so on its asset."""
        day = as_of_date(context)
        output = self.run_command("run", "--as-of", day, "--select", f"layer:{self.layer}")
        for line in output.splitlines():
            self.log.info("%s", line)
        context["outlet_events"][layer_asset(self.layer)].extra = {"as_of_date": day}


def check_layers(planned: list[str]) -> None:
    """Fails when a plan has a layer for which the DAG has no task, rather than leave it out."""
    unknown = [layer for layer in planned if layer not in LAYERS]
    if unknown:
        raise AirflowFailException(
            f"the plan has layers without a task: {', '.join(unknown)}; "
            "hint: add them to `LAYERS` in cdp_dags/layers.py"
        )
