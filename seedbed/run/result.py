"""Result: what one dataset's part of a run came to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from seedbed.context.assignment import Assignment
from seedbed.engine.report import Report, StepReport


@dataclass(frozen=True)
class DatasetResult:
    """One dataset's report, what failed in it, and the sentence that tells it."""

    report: Report
    failed: tuple[str, ...] = ()
    said: str = ""


def report_of(assignment: Assignment, steps: Iterable[StepReport] = ()) -> Report:
    """The report of some steps."""
    return Report(
        run=assignment.run,
        verb=assignment.verb,
        dataset=assignment.dataset,
        environment=assignment.environment,
        as_of=assignment.as_of,
        seed=assignment.seed,
        scale=assignment.scale,
        entities=tuple(steps),
    )
