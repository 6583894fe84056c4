"""Execution: who does the tasks of a run, and who is shown what came of them.

`Execution` does every task at once, where it is started, and shows nobody anything: so commands
that only read need no Prefect. `steps/task.py` makes every task one of Prefect's.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from uuid import uuid4

import psycopg

from seedbed.context.assignment import Assignment
from seedbed.context.errors import NotRun, Passing
from seedbed.context.progress import News, tell
from seedbed.declare.errors import SeedbedError
from seedbed.engine.report import Report, StepReport
from seedbed.postgres.connection.failures import passing, sentence

BACKOFF_SECONDS = 0.5
"""The first retry's delay; it doubles and is stretched at random up to twice its length."""

Result = TypeVar("Result")
Produced_co = TypeVar("Produced_co", covariant=True)


class Pending(Protocol[Produced_co]):
    """A task that was started."""

    def result(self) -> Produced_co:
        """Wait for its end.

        Raises:
            NotRun: a task before it failed.
            SeedbedError: it failed itself.
        """


@dataclass(frozen=True)
class Task(Generic[Result]):
    """A piece of a run that a person sees by its name, with its times and its sentence."""

    name: str
    about: str
    body: Callable[[Assignment], Result]
    """It holds names and declarations only: a cluster's runner sends the task that is at work along
    with its parts."""
    says: Callable[[Result], str] = str
    """The sentence that tells its result."""
    retries: int = 0
    """How often it is tried again after an error that can pass."""


class Progress(Protocol):
    """How far one step has come."""

    total: int | None
    """How many rows there will be, where that is known."""

    def add(self, rows: int) -> int:
        """Take more rows in; returns how many there are."""

    def done(self) -> None:
        """The step has ended."""


def plainly(action: Callable[[], Result]) -> Result:
    """Do it; an error of the database leaves as a sentence without values or secrets.

    Raises:
        Passing: trying again can help.
        SeedbedError: it cannot.
    """
    try:
        return action()
    except psycopg.Error as error:
        raise (Passing if passing(error) else SeedbedError)(sentence(error)) from None
    except SeedbedError as error:
        if error.passes:
            raise Passing(str(error)) from None
        raise


@dataclass
class _Done(Generic[Result]):
    made: Result | None
    error: SeedbedError | None

    def result(self) -> Result:
        if self.error is not None:
            raise self.error
        return self.made  # type: ignore[return-value]  # without an error it was made


class _Count:
    """Progress that nobody watches."""

    total: int | None = None

    def __init__(self) -> None:
        self._rows = 0

    def add(self, rows: int) -> int:
        self._rows += rows
        return self._rows

    def done(self) -> None:
        return


class Execution:
    """Does every task at once, in the caller's thread."""

    def run_id(self) -> str:
        """By what the database's records name the run."""
        return str(uuid4())

    def start(
        self, assignment: Assignment, task: Task[Result], after: Sequence[Pending[Any]] = ()
    ) -> Pending[Result]:
        """Start a task, which begins when those in `after` have been done."""
        try:
            for earlier in after:
                earlier.result()
        except SeedbedError as error:
            return _Done(None, NotRun(f"{task.name} was not run: {error}"))
        for tried in range(task.retries + 1):
            try:
                result = plainly(lambda: task.body(assignment))
            except SeedbedError as error:
                failed = error
                if not isinstance(error, Passing):
                    break
                if tried < task.retries:
                    time.sleep(BACKOFF_SECONDS * 2**tried * (1 + random.random()))
            else:
                tell(News(task.name, "done", said=task.says(result)))
                return _Done(result, None)
        tell(News(task.name, "failed", said=str(failed)))
        return _Done(None, failed)

    def progress(
        self, assignment: Assignment, step: str, total: Callable[[], int], *, slow: bool
    ) -> Progress:
        """A step begins, of `total` rows; `slow` steps wait for a service with every object."""
        return _Count()

    def show_step(self, assignment: Assignment, report: StepReport) -> None:
        """A step has ended."""

    def show_report(self, report: Report, failed: Sequence[str] = ()) -> None:
        """A dataset's part of the run has come so far."""

    def show_timings(self, report: Report) -> None:
        """Where a dataset's seconds went."""

    def log(self, message: str, *values: object) -> None:
        """A line for the run's log."""
