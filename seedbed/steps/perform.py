"""Perform: what each kind of step does."""

from __future__ import annotations

from collections.abc import Callable

from seedbed.context.context import RunContext
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


def perform(context: RunContext, step: Step, progress: Callable[[int], None]) -> StepReport:
    """Do what is left to do of a step; `progress` is told of the rows of every chunk."""
    if isinstance(step, Update):
        return settle(context, step)
    if isinstance(step, Resource):
        return ensure(context, step, progress)
    if isinstance(step, Wait):
        return wait(context, step, progress)
    assert isinstance(step, Entity)  # there is no other kind
    server = made_by_server(context, step)
    if server is not None:
        return open_accounts(context, step, server, progress)
    if context.by_worker(step):
        return enqueue(context, step, progress)
    return renew(context, step, context.anew[0]) if context.anew else fill(context, step, progress)
