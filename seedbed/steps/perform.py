"""Perform: what each kind of step does."""

from __future__ import annotations

from collections.abc import Callable

from seedbed.context.context import Work
from seedbed.declare.entity import Entity
from seedbed.declare.reads import Step
from seedbed.declare.resource import Resource, Wait
from seedbed.declare.update import Update
from seedbed.engine.report import StepReport
from seedbed.steps.accounts import made_by_server, open_accounts
from seedbed.steps.entity import fill
from seedbed.steps.queue import enqueue
from seedbed.steps.renewing import renew
from seedbed.steps.resource import ensure, wait
from seedbed.steps.update import settle


def perform(work: Work, step: Step, progress: Callable[[int], None]) -> StepReport:
    """Do what is left to do of a step; `progress` is told of the rows of every chunk."""
    if isinstance(step, Update):
        return settle(work, step)
    if isinstance(step, Resource):
        return ensure(work, step, progress)
    if isinstance(step, Wait):
        return wait(work, step, progress)
    assert isinstance(step, Entity)  # there is no other kind
    server = made_by_server(work, step)
    if server is not None:
        return open_accounts(work, step, server, progress)
    if work.by_worker(step):
        return enqueue(work, step, progress)
    return renew(work, step, work.anew[0]) if work.anew else fill(work, step, progress)
