"""Step: an entity as a Prefect task.

One task an entity, never one a chunk: a task run costs about 10 ms and the server records
them slowly. No task tags: with the server on SQLite they cost seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import psycopg
from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import PrefectFuture
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed
from prefect.tasks import exponential_backoff

from seedbed.context.context import Assignment, RunContext, context_of
from seedbed.context.counted import reported
from seedbed.context.datasets import dataset
from seedbed.context.progress import News, tell
from seedbed.context.publish import LONG_STEP_ROWS, Progress, publish_step
from seedbed.context.variables import switched
from seedbed.context.where import application, profile_of
from seedbed.declare.entity import Dataset, Entity
from seedbed.declare.errors import SeedbedError
from seedbed.declare.reads import Step
from seedbed.declare.resource import Resource, Wait
from seedbed.engine.order import by_task
from seedbed.engine.report import StepReport, combined
from seedbed.engine.target import count
from seedbed.postgres.connection.failures import naming, passing, sentence
from seedbed.postgres.copy.load import RowRefused
from seedbed.steps.part import refused_sentence
from seedbed.steps.perform import perform
from seedbed.steps.resource import standing

BACKOFF_SECONDS = 0.5
"""The first retry's delay; it doubles and is stretched at random up to twice its length."""


class Passing(SeedbedError):
    """An error that can pass: the step is tried again."""


def safely(action: Callable[[], State[Any]]) -> State[Any]:
    """Run a step's body; a database error leaves as a sentence without values or secrets.

    Raises:
        Passing: trying again can help (Prefect does, see `_can_pass`).
    """
    try:
        return action()
    except psycopg.Error as error:
        if passing(error):
            raise Passing(sentence(error)) from None
        return Failed(message=sentence(error), data=SeedbedError(sentence(error)))
    except SeedbedError as error:
        if error.passes:
            raise Passing(str(error)) from None
        return Failed(message=str(error), data=error)


def _can_pass(task: Task[Any, Any], run: TaskRun, state: State[Any]) -> bool:
    return isinstance(state.result(raise_on_failure=False), Passing)


def as_task(name: str, about: str, retries: int, body: Callable[[Assignment], State[Any]]) -> Any:
    """A Prefect task `name`, retried with exponential delay and jitter on errors that can pass."""

    def run(assignment: Assignment) -> State[Any]:
        state = safely(lambda: body(assignment))
        kind = "done" if state.is_completed() else "failed"
        tell(News(name, kind, said=str(state.message)))
        return state

    # Prefect derives the task's key from the function's name: it must be the step's own.
    run.__name__ = run.__qualname__ = name.replace(".", "_")
    return Task(
        run,
        name=name,
        description=about,
        task_run_name=name,
        cache_policy=NO_CACHE,
        retries=retries,
        retry_delay_seconds=exponential_backoff(BACKOFF_SECONDS),
        retry_jitter_factor=1.0,
        retry_condition_fn=_can_pass,
        persist_result=False,
        log_prints=False,
    )


@cache
def seeding(chosen: Dataset, name: str, steps: tuple[Step, ...], retries: int) -> Any:
    """The task of a step, or of several that are done one after the other."""

    def body(assignment: Assignment) -> State[Any]:
        opened = context_of(assignment)
        reports = tuple(_done(assignment, opened, one, name) for one in steps)
        report = combined(name, reports)
        if report.wrote or report.queued:  # the run's summary tells of the others
            publish_step(assignment, report)
        return Completed(message=str(report), data=reports)

    about = "; ".join(one.about for one in steps)
    return as_task(f"{chosen.name}.{name}", about, retries, body)


def _done(assignment: Assignment, opened: RunContext, step: Step, task: str) -> StepReport:
    seen = opened.satisfied.get(step.name)
    if seen is not None and not (isinstance(step, Entity) and step.windowed):
        return reported(step, seen)

    outside = isinstance(step, Resource | Wait)  # a service takes its time for every object

    def total() -> int:
        with opened.database.aside(application(assignment.dataset, assignment.run)) as connection:
            run = opened.at(connection)
            if isinstance(step, Resource | Wait):
                return standing(opened, step, run).target
            return count(step, run) if isinstance(step, Entity) else 0

    progress = Progress(assignment, step.name, total, shown_from=1 if outside else LONG_STEP_ROWS)

    def show(rows: int) -> None:
        tell(News(f"{assignment.dataset}.{task}", "running", progress.add(rows)))

    try:
        with naming(step.table):
            report = perform(opened, step, show)
    except RowRefused as refused:
        raise SeedbedError(refused_sentence(opened, refused)) from None
    progress.done()
    if switched("SEED_VERBOSE"):
        for lack in report.lacking:
            get_run_logger().info("%s: %s", step.name, lack)
    return report


Futures = dict[str, PrefectFuture[Any]]


def submit(assignment: Assignment, steps: Iterable[Step]) -> Futures:
    """Submit the steps in order; each starts as soon as its upstream is done."""
    chosen = dataset(assignment.dataset)
    retries = profile_of(assignment.environment).retries
    futures: Futures = {}
    for name, members in by_task(steps).items():
        above = dict.fromkeys(up.task for one in members for up in one.above)
        needs = [futures[task] for task in above if task in futures and task != name]
        futures[name] = seeding(chosen, name, members, retries).submit(assignment, wait_for=needs)
    return futures


def gather(futures: Futures) -> tuple[tuple[StepReport, ...], tuple[str, ...]]:
    """Wait for all; the reports of the steps that are done, a sentence for those that are not.

    The states are read one by one: Prefect calls a flow Completed whose tasks failed when the
    flow returns nothing, and a task whose upstream failed stays Pending.
    """
    reports: list[StepReport] = []
    failed: list[str] = []
    waiting: list[str] = []
    for name, future in futures.items():
        future.wait()
        state = future.state
        if state.is_completed():
            reports += state.result()
        elif state.is_pending():
            waiting.append(name)
        else:
            failed.append(f"{name} failed: {state.message or state.name}")
    if waiting:
        failed.append(f"not run because of that: {', '.join(waiting)}")
    return tuple(reports), tuple(failed)
