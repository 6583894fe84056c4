"""Task: every part of a run as a Prefect task, and what of it the Prefect UI shows.

One task a step, never one a chunk: a task run costs about 10 ms, and the server records them
slowly. No task tags: with the server on SQLite they cost seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic
from uuid import uuid4

import prefect
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import FlowRunContext
from prefect.futures import PrefectFuture
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed
from prefect.tasks import exponential_backoff

from seedbed.context import publish
from seedbed.context.assignment import Assignment
from seedbed.context.errors import NotRun, Passing
from seedbed.context.execution import (
    BACKOFF_SECONDS,
    Execution,
    Pending,
    Progress,
    Result,
    Task,
    plainly,
)
from seedbed.context.progress import News, tell
from seedbed.declare.errors import SeedbedError
from seedbed.engine.report import Report, StepReport


def as_task(made: Task[Any]) -> prefect.Task[[Assignment], Any]:
    """The Prefect task; it is tried again, with exponential delay and jitter, where that can help.

    What went wrong becomes a Failed state with its sentence, so that no traceback follows it.
    """

    @task(
        name=made.name,
        description=made.about,
        task_run_name=made.name,
        cache_policy=NO_CACHE,
        retries=made.retries,
        retry_delay_seconds=exponential_backoff(BACKOFF_SECONDS),
        retry_jitter_factor=1.0,
        retry_condition_fn=_can_pass,
        persist_result=False,
        log_prints=False,
    )
    @_called(made.name)
    def run(assignment: Assignment) -> State[Any]:
        try:
            result = plainly(lambda: made.body(assignment))
        except Passing:
            raise
        except SeedbedError as error:
            tell(News(made.name, "failed", said=str(error)))
            return Failed(message=str(error), data=error)
        said = made.says(result)
        tell(News(made.name, "done", said=said))
        return Completed(message=said, data=result)

    return run


def _called(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a function a name: Prefect derives a task's key from it."""

    def rename(function: Callable[..., Any]) -> Callable[..., Any]:
        function.__name__ = function.__qualname__ = name.replace(".", "_")
        return function

    return rename


def _can_pass(task: Any, run: TaskRun, state: State[Any]) -> bool:
    return isinstance(state.result(raise_on_failure=False), Passing)


@dataclass(frozen=True)
class _Future(Generic[Result]):
    """A task run as what waits for it sees it."""

    future: PrefectFuture[Any]

    def result(self) -> Result:
        """Its result; the states are looked at, for a task whose upstream failed stays Pending."""
        self.future.wait()
        state = self.future.state
        if state.is_completed():
            made: Result = state.result()
            return made
        if state.is_pending():
            raise NotRun(str(state.message or state.name))
        found = state.result(raise_on_failure=False)
        if isinstance(found, SeedbedError):
            raise found
        raise SeedbedError(str(state.message or state.name))


class PrefectTasks(Execution):
    """Every task is a Prefect task of the flow run; it shows its progress and leaves artifacts."""

    def run_id(self) -> str:
        """The flow run's own id: the database's records and Prefect's belong together."""
        context = FlowRunContext.get()
        return str(context.flow_run.id) if context and context.flow_run else str(uuid4())

    def start(
        self, assignment: Assignment, task: Task[Result], after: Sequence[Pending[Any]] = ()
    ) -> Pending[Result]:
        """Submit it; Prefect begins it as soon as those in `after` are completed."""
        needs = [earlier.future for earlier in after if isinstance(earlier, _Future)]
        return _Future(as_task(task).submit(assignment, return_state=False, wait_for=needs))

    def progress(
        self, assignment: Assignment, step: str, total: Callable[[], int], *, slow: bool
    ) -> Progress:
        """A bar in the UI, for a step that takes seconds."""
        shown_from = 1 if slow else publish.LONG_STEP_ROWS
        return publish.ProgressBar(assignment, step, total, shown_from=shown_from)

    def show_step(self, assignment: Assignment, report: StepReport) -> None:
        """A table of the step's rows."""
        publish.publish_step(assignment, report)

    def show_report(self, report: Report, failed: Sequence[str] = ()) -> None:
        """The summary, the checks, the digests and the notes."""
        publish.publish_report(report, failed)

    def show_timings(self, report: Report) -> None:
        """A table of the seconds."""
        publish.publish_timings(report)

    def log(self, message: str, *values: object) -> None:
        """A line of the task run's log."""
        get_run_logger().info(message, *values)
