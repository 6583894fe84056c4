"""Fill: one entity from what is present to its target, in one part or in several side by side."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace

from seedbed.context.context import RunContext
from seedbed.declare.entity import Entity
from seedbed.engine.report import StepReport
from seedbed.engine.target import count
from seedbed.postgres import read
from seedbed.steps.part import Loaded, Part, load_elsewhere, load_part, require_all

Progress = Callable[[int], None]


def fill(context: RunContext, entity: Entity, progress: Progress) -> StepReport:
    """Add the rows that the target has and the database has not; roll a window.

    A step is one transaction: an error leaves nothing of it behind, and a step with nothing to
    do writes nothing. Only a large load in a profile with several parts is several, side by
    side: what some have done stays, and the next run adds the rest. `progress` is told of the
    rows of every chunk, from other processes of those of every part.
    """
    started = time.monotonic()
    size, generator = context.chunk_rows(entity), context.author.generator
    whole = Part(context.assignment, entity.name, size, generator)
    owned, parts = _divided(context, entity, size)
    if parts == 1:
        done = [load_part(context, entity, whole, progress)]
    else:
        each = [replace(whole, number=number, of=parts) for number in range(parts)]
        done = _side_by_side(context, entity, each, progress)
        require_all(context, entity, owned + sum(one.added for one in done))
    target = sum(one.target for one in done)
    return StepReport(
        name=entity.name,
        table=entity.table,
        target=target,
        present=target - sum(one.added for one in done),
        added=sum(one.added for one in done),
        removed=sum(one.removed for one in done),
        seconds=time.monotonic() - started,
        step=entity.step,
        lacking=tuple(lack for one in done for lack in one.lacking),
    )


def _divided(context: RunContext, entity: Entity, size: int) -> tuple[int, int]:
    """How many rows are there, and in how many parts the rest is loaded.

    One, unless the profile asks for more and every part has a chunk to load. What is worked out
    whole cannot be divided, and neither can a window that has days to remove.
    """
    if context.profile.divided == 1 or entity.grounded:
        return 0, 1
    with context.database.reading() as connection:
        owned = read.count(connection, entity)
        if owned and entity.windowed:
            return owned, 1
        rows = count(entity, context.at(connection)) - owned
    return owned, max(1, min(context.profile.divided, rows // size))


def _side_by_side(
    context: RunContext, entity: Entity, parts: list[Part], progress: Progress
) -> list[Loaded]:
    """Load parts in as many threads, which do it themselves or wait for the runner's workers."""

    def here(part: Part) -> Loaded:
        return load_part(context, entity, part, progress)

    def elsewhere(part: Part) -> Loaded:
        done: Loaded = context.runner.do(load_elsewhere, part)
        progress(done.added)
        return done

    load = here if context.profile.runner == "threads" else elsewhere
    with ThreadPoolExecutor(len(parts), thread_name_prefix="part") as pool:
        # In the step's own context: what is told from the threads belongs to its task run.
        loads = [pool.submit(copy_context().run, load, part) for part in parts]
        return [one.result() for one in loads]
