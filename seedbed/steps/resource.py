"""Ensure: the objects of a resource, made where they are missing and awaited where they are not
ready; never one twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

import numpy as np

from seedbed.context.context import RunContext
from seedbed.declare.resource import Resource, Wait
from seedbed.engine.plan import Mismatch, Standing
from seedbed.engine.report import Check, StepReport
from seedbed.engine.rows import Rows
from seedbed.engine.run import Run
from seedbed.engine.target import chunks
from seedbed.postgres import read
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.snapshot import Snapshot
from seedbed.services.errors import ServiceFailed
from seedbed.services.port import Held

EXAMPLES = 3
"""Objects that a violated check names."""

AT_ONCE = 50
"""Objects whose contents are made, and held in memory, at a time."""


def ensure(context: RunContext, resource: Resource, progress: Callable[[int], None]) -> StepReport:
    """Make the objects that are missing, and anew those that failed.

    What a service holds is listed once before and once after, and the report counts what it
    lists: nothing is believed to be there because it was asked for.
    """
    started = time.monotonic()
    store = context.adapters.store(resource.port)
    before = _held(context, resource)
    target, present, removed = 0, 0, 0
    wanted = _keyed(context, resource)
    for rows, keys in wanted:
        target += len(keys)
        good = np.array([_good(before.get(key)) for key in keys], dtype=bool)
        present += int(good.sum())
        lacking = rows.take(np.flatnonzero(~good))
        failed = [before[key] for key in keys if key in before and not _good(before[key])]
        store.remove(resource.place, failed)
        removed += len(failed)
        for start in range(0, len(lacking), AT_ONCE):
            some = lacking.take(np.arange(start, min(start + AT_ONCE, len(lacking))))
            for key, spec in zip(resource.keys(some), resource.make(some), strict=True):
                store.create(resource.place, key, spec)
                progress(1)
    after = before if present == target else _held(context, resource)
    there = sum(key in after for _, keys in wanted for key in keys)
    if there < target:
        problem = f"it lists {there} of {target} afterwards"
        raise ServiceFailed(resource.port, f"make the objects of {resource.name}", problem)
    return _report(resource, started, target, present, added=target - present, removed=removed)


def wait(context: RunContext, step: Wait, progress: Callable[[int], None]) -> StepReport:
    """Wait for the objects, batch by batch, each up to its time-out.

    Objects in error, and those that are not ready in time, are missing in the report.
    """
    started = time.monotonic()
    resource = step.of
    held = _held(context, resource)
    keys = [key for _, keyed in _keyed(context, resource) for key in keyed]
    waiting = [key for key in keys if not _ready(held, key)]
    for batch in _batches(waiting, context.adapters.settings.video.batch):
        held = until_prepared(context, resource, batch, held)
        progress(sum(_ready(held, key) for key in batch))
    ready = sum(_ready(held, key) for key in keys)
    present = len(keys) - len(waiting)
    return _report(step, started, len(keys), present, updated=ready - present)


def until_prepared(
    context: RunContext, resource: Resource, keys: Collection[str], held: dict[str, Held]
) -> dict[str, Held]:
    """Look again until none of the objects is being prepared, or the time is up.

    Returns what the service holds then; `held` is what it held before.
    """
    settings = context.adapters.settings.video
    interval = context.adapters.store(resource.port).interval or settings.interval
    deadline = time.monotonic() + settings.timeout
    while any(key in held and held[key].state == "preparing" for key in keys):
        if time.monotonic() > deadline:
            break
        time.sleep(min(settings.interval, interval))
        held = _held(context, resource)
    return held


@dataclass(frozen=True)
class ResourceStep:
    """See `kinds.Kind`."""

    context: RunContext
    resource: Resource
    slow = True

    def do(self, progress: Callable[[int], None]) -> StepReport:
        """Make the objects that are missing."""
        return ensure(self.context, self.resource, progress)

    def total(self, run: Run) -> int:
        """The objects of the target."""
        return _counted(self.context, self.resource, run, _there)[0]

    def standing(self, connection: Connection, run: Run, snapshot: Snapshot) -> Standing:
        """How many of the objects are there."""
        resource = self.resource
        target, present = _counted(self.context, resource, run, _there)
        return Standing(resource.name, resource.table, target, present)

    def refused(self, run: Run) -> tuple[Mismatch, ...]:
        """It writes no row."""
        return ()


@dataclass(frozen=True)
class WaitStep:
    """See `kinds.Kind`."""

    context: RunContext
    wait: Wait
    slow = True

    def do(self, progress: Callable[[int], None]) -> StepReport:
        """Wait until the objects are ready."""
        return wait(self.context, self.wait, progress)

    def total(self, run: Run) -> int:
        """The objects of the target."""
        return _counted(self.context, self.wait.of, run, _ready)[0]

    def standing(self, connection: Connection, run: Run, snapshot: Snapshot) -> Standing:
        """How many of the objects are ready."""
        target, present = _counted(self.context, self.wait.of, run, _ready)
        return Standing(self.wait.name, self.wait.table, target, present, settles=True)

    def refused(self, run: Run) -> tuple[Mismatch, ...]:
        """It writes no row."""
        return ()


def _counted(
    context: RunContext, resource: Resource, run: Run, good: Callable[[dict[str, Held], str], bool]
) -> tuple[int, int]:
    """How many objects the target has, and how many of them are good."""
    held = _held(context, resource)
    target, present = 0, 0
    for rows in chunks(resource.of, run, context.profile.chunk_rows):
        keys = resource.keys(rows)
        target += len(keys)
        present += sum(good(held, key) for key in keys)
    return target, present


def agreement(
    context: RunContext, resource: Resource, run: Run, connection: Connection
) -> tuple[Check, ...]:
    """Whether rows and objects agree, in both directions.

    A row counts when it is in the database, an object when its key is one of ours.
    """
    held = _held(context, resource)
    keys: dict[str, None] = {}
    for rows in chunks(resource.of, run, context.profile.chunk_rows):
        numbers = read.numbers(
            connection, resource.of, int(rows.number.min()), int(rows.number.max())
        )
        there = np.flatnonzero(np.isin(rows.number, numbers))
        keys |= dict.fromkeys(resource.keys(rows.take(there)) if len(there) else ())
    lacking = [key for key in keys if not _there(held, key)]
    alone = [key for key in held if key not in keys]
    return (
        Check(
            f"every_row_of_{resource.of.name}_has_its_{resource.port}",
            f"Each row's object is in {resource.table}, and not in error.",
            len(lacking),
            tuple(_told(held, key) for key in lacking[:EXAMPLES]),
        ),
        Check(
            f"every_{resource.port}_of_{resource.of.name}_has_its_row",
            f"No object of ours is in {resource.table} without a row.",
            len(alone),
            tuple(alone[:EXAMPLES]),
        ),
    )


def _held(context: RunContext, resource: Resource) -> dict[str, Held]:
    return context.adapters.held(resource)


def _keyed(context: RunContext, resource: Resource) -> list[tuple[Rows, list[str]]]:
    """The target with its keys; the database is let go before a service is asked for anything."""
    with context.database.reading() as connection:
        target = chunks(resource.of, context.at(connection), context.profile.chunk_rows)
        return [(rows, resource.keys(rows)) for rows in target]


def _good(held: Held | None) -> bool:
    return held is not None and held.state != "errored"


def _there(held: dict[str, Held], key: str) -> bool:
    return _good(held.get(key))


def _told(held: dict[str, Held], key: str) -> str:
    """A key, with what its service says about the object."""
    return f"{key} ({held[key].problem})" if key in held and held[key].problem else key


def _ready(held: dict[str, Held], key: str) -> bool:
    return key in held and held[key].state == "ready"


def _batches(keys: list[str], size: int) -> Iterable[list[str]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))


def _report(
    step: Resource | Wait,
    started: float,
    target: int,
    present: int,
    *,
    added: int = 0,
    removed: int = 0,
    updated: int = 0,
) -> StepReport:
    seconds = time.monotonic() - started
    return StepReport(
        step.name, step.table, target, present, added, removed, seconds, step.step, updated=updated
    )
