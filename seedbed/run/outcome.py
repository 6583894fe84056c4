"""Outcome: from reports and failures to the one state and sentence of a flow run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from seedbed.context.context import Assignment
from seedbed.context.publish import publish_timings
from seedbed.declare.errors import SeedbedError
from seedbed.engine.plan import sentence
from seedbed.engine.report import Report
from seedbed.engine.settings import Environment
from seedbed.postgres.connection import failures, redact
from seedbed.run.prepare import Intent, intent, prepared
from seedbed.run.timings import write_timings


@dataclass(frozen=True)
class Part:
    """One dataset's report, what failed in it, and the sentence that tells it."""

    report: Report
    failed: tuple[str, ...] = ()
    said: str = ""


@dataclass
class Outcome:
    """What the datasets of one run came to; a run is green only if nothing stands in `failed`."""

    reports: list[Report] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def add(self, part: Part) -> None:
        """Take one dataset's part in."""
        report = part.report
        self.reports.append(report)
        self.failed += [f"{report.dataset}: {one}" for one in part.failed]
        self.failed += [
            f"{report.dataset}: check {check.name} {check.verdict}" for check in report.violated
        ]
        self.said.append(part.said or _did(report))

    def state(self) -> State[Any]:
        """Completed or Failed, with the sentence as the message and the documents as data."""
        documents = [report.document() for report in self.reports]
        if self.failed:
            return Failed(message="; ".join(self.failed), data=Unsatisfied(self.failed, documents))
        return Completed(message="; ".join(self.said), data=documents)


class Unsatisfied(SeedbedError):
    """Steps failed or checks are violated; `documents` tells what was done nevertheless."""

    def __init__(self, failed: Sequence[str], documents: Sequence[dict[str, Any]]) -> None:
        super().__init__("; ".join(failed))
        self.documents = list(documents)


def _did(report: Report) -> str:
    tables = [step.table for step in report.entities if step.wrote]
    did = sentence(report.added, report.removed, tables, report.seconds, report.updated)
    return f"{report.dataset}: {did}"


def run_datasets(
    verb: str,
    environment: Environment,
    asked: Mapping[str, Any],
    act: Callable[[Assignment, Intent], Part],
) -> State[Any]:
    """Prepare each dataset, act on it, and conclude: the body of every flow.

    An error becomes a Failed state whose message says what to do, without a traceback; its
    data is the error itself, with the exit code of the command line.
    """
    redact.install()
    outcome = Outcome()
    try:
        state = _acted(intent(verb, environment, **asked), outcome, act)
    except SeedbedError as error:
        state = Failed(message=str(error), data=error)
    except psycopg.Error as error:
        said = failures.sentence(error)
        state = Failed(message=said, data=SeedbedError(said))
    try:
        write_timings(verb, environment, state, outcome.reports)
    except SeedbedError as error:
        return Failed(message=str(error), data=error)
    return state


def _acted(
    intended: Intent, outcome: Outcome, act: Callable[[Assignment, Intent], Part]
) -> State[Any]:
    for name in intended.datasets:
        started = time.monotonic()
        with prepared(intended, name) as assignment:
            spent = {"prepare": time.monotonic() - started}
            part = act(assignment, intended)
        report = part.report.with_(spent={**spent, **part.report.spent})
        if intended.fills:
            publish_timings(report)
        outcome.add(replace(part, report=report))
    return outcome.state()
