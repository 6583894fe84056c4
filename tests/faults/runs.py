"""Runs: one run of the product as a flow makes it, tried again as Prefect would, and its end."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Literal

import psycopg

from seedbed.context.context import RunContext
from seedbed.context.datasets import dataset
from seedbed.context.errors import Passing
from seedbed.context.execution import plainly
from seedbed.declare.errors import SeedbedError
from seedbed.declare.reads import Step
from seedbed.engine.order import ordered
from seedbed.postgres.connection.address import Address
from seedbed.postgres.connection.failures import sentence
from seedbed.run.rebuild import begun_anew, rebuild
from seedbed.run.remove import remove
from seedbed.steps.kinds import perform
from seedbed.testing.worlds import World, lingering, silent

Verb = Literal["seed", "reset", "rebuild"]
Progress = Callable[[], Callable[[int], None]]

CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(["tests.faults.runs"])  # else every child imports anew

PATIENT = {"limits": {"busy": 60}}
"""A killed run's statement goes on for up to two seconds, and its lock with it."""

RETRY = 0.1
"""Seconds between two tries of a step; Prefect waits longer."""


@dataclass(frozen=True)
class End:
    """How a run ended."""

    said: str = ""
    """Why it failed; empty for a run that did everything."""
    error: str = ""
    """The name of its error's class."""
    tries: int = 0
    """How often something was tried again."""

    @property
    def done(self) -> bool:
        """Whether it did everything."""
        return not self.error


def run(world: World, verb: Verb = "seed", progress: Progress = lambda: silent) -> End:
    """One run; every error that a person could meet ends in a sentence, any other is a bug."""
    tries: list[str] = []
    try:
        with world.opened("refresh" if verb == "rebuild" else verb) as context:
            _act(context, verb, progress, tries)
    except SeedbedError as error:
        return _ended(world, End(str(error), type(error).__name__, len(tries)))
    except psycopg.Error as error:
        return _ended(world, End(sentence(error), type(error).__name__, len(tries)))
    return End(tries=len(tries))


def _ended(world: World, end: End) -> End:
    assert end.said.strip()
    assert (world.address.password or "no password") not in end.said
    assert "Traceback" not in end.said
    return end


def _act(context: RunContext, verb: Verb, progress: Progress, tries: list[str]) -> None:
    if verb == "rebuild":
        anew = begun_anew(context)
        _tried(lambda: rebuild(anew), context.profile.retries, tries)
        return
    if verb == "reset":
        _tried(lambda: remove(context, strict=False), context.profile.retries, tries)
        return
    for step in ordered(context.dataset.steps):
        one: Step = step
        _tried(lambda: perform(context, one, progress()), context.profile.retries, tries)  # noqa: B023


def _tried(act: Callable[[], object], retries: int, tries: list[str]) -> None:
    """Do it again while the product says that this can help, as Prefect does."""
    for left in reversed(range(retries + 1)):
        try:
            plainly(act)
        except Passing as passing:
            if not left:
                raise
            tries.append(str(passing))
            time.sleep(RETRY)
            continue
        return


# -- in a process of its own ---------------------------------------------------------------------


def _child(name: str, address: Address, profiles: Path, verb: Verb, pipe: Pipe) -> None:
    pipe.send(run(World(dataset(name), address, address, profiles), verb, lingering))


@dataclass(frozen=True)
class Child:
    """A run in a process of its own, which can be killed."""

    process: BaseProcess
    pipe: Pipe

    def end(self, seconds: float = 120) -> End:
        """How it ended."""
        assert self.pipe.poll(seconds), "the run did not end"
        found = self.pipe.recv()
        self.process.join()
        self.pipe.close()
        assert isinstance(found, End)
        return found


def start(world: World, verb: Verb = "seed") -> Child:
    """Begin a run in a process of its own."""
    mine, theirs = CHILDREN.Pipe(duplex=False)
    arguments = (world.dataset.name, world.address, world.profiles, verb, theirs)
    process = CHILDREN.Process(target=_child, args=arguments)
    process.start()
    theirs.close()
    return Child(process, mine)
