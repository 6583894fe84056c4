"""Perform: what each kind of step does."""

from __future__ import annotations

from collections.abc import Callable

from tasks.engine.entity import Entity, Step
from tasks.engine.report import StepReport
from tasks.engine.update import Update
from tasks.fill import fill
from tasks.revise import settle
from tasks.work import Work


def perform(work: Work, step: Step, progress: Callable[[int], None]) -> StepReport:
    """Do what is left to do of a step; `progress` is told of the rows of every chunk."""
    if isinstance(step, Update):
        return settle(work, step)
    assert isinstance(step, Entity)  # there is no other kind
    return fill(work, step, progress)
