"""Perform: what each kind of step does."""

from __future__ import annotations

from collections.abc import Callable

from tasks.accounts import made_by_server, open_accounts
from tasks.engine.entity import Entity
from tasks.engine.report import StepReport
from tasks.engine.resource import Resource, Wait
from tasks.engine.steps import Step
from tasks.engine.update import Update
from tasks.enqueue import enqueue
from tasks.ensure import ensure, wait
from tasks.fill import fill
from tasks.renewing import renew
from tasks.revise import settle
from tasks.work import Work


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
