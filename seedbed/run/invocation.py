"""Invocation: what a flow was asked to do, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any

import psycopg

from seedbed.context.assignment import FILLING, LOOKING
from seedbed.context.datasets import dataset
from seedbed.context.execution import Execution
from seedbed.context.variables import switched
from seedbed.context.where import numbers_of, profile_of
from seedbed.context.workers import require_runner
from seedbed.declare.errors import SeedbedError
from seedbed.declare.lazy import lazy
from seedbed.engine.options import RunOptions, options
from seedbed.engine.order import selected
from seedbed.engine.plan import sentence
from seedbed.engine.report import Report
from seedbed.engine.settings import Profile
from seedbed.postgres.connection import failures, redact
from seedbed.run.errors import Unsatisfied
from seedbed.run.result import DatasetResult
from seedbed.run.timings import write_timings

if TYPE_CHECKING:  # Prefect takes a second, and commands that only read do without it
    from prefect.client.schemas.objects import State


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    done: bool
    message: str
    documents: list[dict[str, Any]] = field(default_factory=list)
    error: SeedbedError | None = None


class Invocation:
    """One run of a verb: `with` it, what goes wrong becomes the run's own sentence.

    Nothing is looked at before the block: what was asked for is checked by `datasets`.
    """

    def __init__(
        self, verb: str, environment: str, asked: dict[str, Any], execution: Execution
    ) -> None:
        self.flow = verb
        self.environment = environment
        self.execution = execution
        self.results: list[DatasetResult] = []
        self._asked = asked
        self._error: SeedbedError | None = None
        redact.install()

    @lazy
    def id(self) -> str:
        """The flow run's id, by which the database's records and Prefect's belong together."""
        return self.execution.run_id()

    @lazy
    def profile(self) -> Profile:
        """The environment's profile, read once."""
        return profile_of(self.environment)

    @lazy
    def options(self) -> RunOptions:
        """What was asked for on top of the profile."""
        return options(self.flow, self._asked, self.flow)

    @lazy
    def audits(self) -> bool:
        """Whether a seed only shows its plan."""
        return self.flow == "seed" and (self.options.audit or switched("SEED_AUDIT"))

    @property
    def verb(self) -> str:
        """What the run does: its flow, or a plan in its place."""
        return "plan" if self.audits else self.flow

    @property
    def cleans(self) -> bool:
        """Whether a seed of whole datasets is a rebuild in this environment."""
        return self.profile.clean and not self.options.only

    @property
    def mode(self) -> str:
        """What a refresh does: as asked, or as the profile says."""
        return self.options.mode or self.profile.refresh

    @lazy
    def datasets(self) -> tuple[str, ...]:
        """The datasets asked for, or the profile's, once everything about them is checked.

        Raises:
            UnknownName, BadSetting: a dataset, entity or value that cannot be; nothing was opened.
            NotInstalled: the profile's runner needs a package that is missing.
        """
        names = self.options.datasets or self.profile.datasets
        for name in names:
            selected(dataset(name), self.options.only, upstream=False)
            numbers_of(dataset(name), self.profile)
        if self.fills:
            require_runner(self.profile)
        return names

    @property
    def writes(self) -> bool:
        """Whether the run takes the lock."""
        return self.verb not in LOOKING

    @property
    def fills(self) -> bool:
        """Whether the run makes rows, and so has to fit those that are there."""
        return self.verb in FILLING

    def add(self, result: DatasetResult) -> None:
        """Take in what one dataset's part came to."""
        if self.fills:
            self.execution.show_timings(result.report)
        self.results.append(result)

    def __enter__(self) -> Invocation:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if isinstance(error, psycopg.Error):
            self._error = SeedbedError(failures.sentence(error))
        elif isinstance(error, SeedbedError):
            self._error = error
        elif error is not None:
            return False
        try:
            write_timings(self.id, self.flow, self.environment, self.ended(), self._reports)
        except SeedbedError as unwritten:
            self._error = self._error or unwritten
        return True

    def ended(self) -> Ended:
        """How it ended: done only if nothing failed and every check passed."""
        if self._error is not None:
            return Ended(False, str(self._error), error=self._error)
        documents = [report.document() for report in self._reports]
        failed = [
            f"{result.report.dataset}: {problem}"
            for result in self.results
            for problem in (
                *result.failed,
                *(f"check {check.name} {check.verdict}" for check in result.report.violated),
            )
        ]
        if failed:
            error = Unsatisfied(failed, documents)
            return Ended(False, str(error), documents, error)
        said = "; ".join(result.said or _did(result.report) for result in self.results)
        return Ended(True, said, documents)

    def state(self) -> State[Any]:
        """The flow run's state: its sentence is the message, so that no traceback is needed."""
        from prefect.states import Completed, Failed

        ended = self.ended()
        if ended.error is not None:
            return Failed(message=ended.message, data=ended.error)
        return Completed(message=ended.message, data=ended.documents)

    @property
    def _reports(self) -> list[Report]:
        return [result.report for result in self.results]


def _did(report: Report) -> str:
    tables = [step.table for step in report.entities if step.wrote]
    did = sentence(report.added, report.removed, tables, report.seconds, report.updated)
    return f"{report.dataset}: {did}"
