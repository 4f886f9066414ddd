"""Runs one `cdp-jobs` command in a child process and tells how it ended."""

import os
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import IO

from airflow.sdk import Variable
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
)

# How long an interrupted command may take to end by itself; less than the five seconds after which
# Airflow kills the task, so that no command outlives its task.
STOP_SECONDS = 3


class ExitCode(IntEnum):
    """The exit codes of `cdp-jobs` that decide what Airflow does next."""

    DONE = 0
    BAD_COMMAND_LINE = 2
    FAULTY_CONFIG = 3
    CHECK_FAILED = 4
    LAKE_UNREACHABLE = 5
    NOTHING_TO_DO = 99


# Codes that come back the same however often the command is run again.
FINAL = {
    ExitCode.BAD_COMMAND_LINE: "the command line is wrong",
    ExitCode.FAULTY_CONFIG: "the project's configuration or SQL is faulty",
    ExitCode.CHECK_FAILED: "a check with severity `fail` failed",
}


@dataclass(frozen=True)
class Settings:
    """Where the program and the project are."""

    program: str
    project: str

    @classmethod
    def read(cls) -> "Settings":
        """Reads them when a task runs, never when the DAG is parsed."""
        home = Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser()
        return cls(
            program=_setting("cdp_jobs_bin", "cdp-jobs"),
            project=_setting("cdp_project", str(home / "cdp")),
        )

    def command(self, *arguments: str) -> list[str]:
        """The words of one `cdp-jobs` command on the project."""
        verb, *rest = arguments
        return [self.program, verb, "--project", self.project, *rest]


def _setting(name: str, default: str) -> str:
    """An Airflow Variable, else the environment variable in capitals, else the default."""
    return Variable.get(name, default=None) or os.environ.get(name.upper()) or default


class Command:
    """A `cdp-jobs` command that can be run once, and stopped while it runs."""

    def __init__(self, words: list[str], log: Callable[[str], None]) -> None:
        self.words = words
        self._log = log
        self._process: subprocess.Popen[str] | None = None

    def run(self) -> str:
        """Runs it, logs each line of its stderr as it comes, and returns its stdout.

        Raises what `judge` says for its exit code.
        """
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as stdout:
            try:
                code = self._stream(stdout)
            finally:
                self.stop()
            stdout.seek(0)
            output = stdout.read()
        judge(code, output)
        return output

    def stop(self) -> None:
        """Ends it if it still runs; what it had not committed is then as if never begun."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _stream(self, stdout: IO[str]) -> int:
        process = self._process = self._start(stdout)
        for line in process.stderr or ():
            self._log(line.rstrip())
        return process.wait()

    def _start(self, stdout: IO[str]) -> subprocess.Popen[str]:
        try:
            return subprocess.Popen(
                self.words,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
            )
        except (FileNotFoundError, PermissionError) as error:
            raise AirflowFailException(
                f"cannot start `{self.words[0]}`: {error.strerror}; "
                "hint: set the Airflow Variable `cdp_jobs_bin` to the path of the program"
            ) from error


def judge(code: int, output: str = "") -> None:
    """Returns for a command that is done, and raises what makes Airflow skip, fail or retry.

    A code that can never turn out otherwise fails at once; an unreachable lake, a crash and a
    signal are tried again, which is safe because a command either commits a partition whole or
    leaves it as it was.
    """
    if code == ExitCode.DONE:
        return
    if code == ExitCode.NOTHING_TO_DO:
        raise AirflowSkipException("nothing to do")
    tail = f"\n{output.rstrip()}" if output.strip() else ""
    if code in FINAL:
        raise AirflowFailException(f"{FINAL[ExitCode(code)]} (exit code {code}){tail}")
    if code == ExitCode.LAKE_UNREACHABLE:
        raise AirflowException(f"the lake cannot be reached (exit code {code}){tail}")
    how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
    raise AirflowException(f"the command ended {how}{tail}")
