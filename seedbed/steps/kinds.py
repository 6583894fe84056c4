"""Kinds: what each kind of step does, how much of it is left, and what the database says to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from seedbed.context.context import RunContext
from seedbed.declare.entity import Entity
from seedbed.declare.reads import Step
from seedbed.declare.resource import Resource, Wait
from seedbed.declare.update import Update
from seedbed.engine.plan import Mismatch, Standing
from seedbed.engine.report import StepReport
from seedbed.engine.run import Run
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.snapshot import Snapshot
from seedbed.steps.entity import EntityStep
from seedbed.steps.resource import ResourceStep, WaitStep
from seedbed.steps.update import UpdateStep


class Kind(Protocol):
    """One step in the context of a run."""

    slow: bool
    """Whether a service takes its time for every object."""

    def do(self, progress: Callable[[int], None]) -> StepReport:
        """Do what is left to do; `progress` is told of the rows of every chunk."""

    def total(self, run: Run) -> int:
        """How many rows, or objects, it has in all."""

    def standing(self, connection: Connection, run: Run, snapshot: Snapshot) -> Standing:
        """Where it stands; rows that it would add are laid over the snapshot."""

    def refused(self, run: Run) -> tuple[Mismatch, ...]:
        """What the database would not take of its first rows, if they are written from here."""


def kind_of(context: RunContext, step: Step) -> Kind:
    """The step in the context of a run."""
    match step:
        case Entity():
            return EntityStep(context, step)
        case Update():
            return UpdateStep(context, step)
        case Resource():
            return ResourceStep(context, step)
        case Wait():
            return WaitStep(context, step)
    raise TypeError(f"{step.name} is a {type(step).__name__}, which is no kind of step")


def perform(context: RunContext, step: Step, progress: Callable[[int], None]) -> StepReport:
    """Do what is left to do of a step."""
    return kind_of(context, step).do(progress)
