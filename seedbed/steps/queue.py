"""Enqueue: rows that the application's own worker writes are asked for and waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from seedbed.context.context import RunContext
from seedbed.declare.entity import Entity
from seedbed.declare.values import Integers
from seedbed.engine.plan import missing
from seedbed.engine.report import StepReport
from seedbed.postgres import read

if TYPE_CHECKING:
    from seedbed.services.queue import Jobs

SECONDS_BETWEEN_LOOKS = 1.0


def enqueue(context: RunContext, entity: Entity, progress: Callable[[int], None]) -> StepReport:
    """Push one job for every row that is missing and has none waiting.

    The list is read before the database: a job that a worker takes in between has written its
    row, or is about to. The transaction writes nothing; it holds the run's lock and the marker.
    """
    started = time.monotonic()
    assert context.queue is not None  # a run that fills has one
    pushed = 0
    waiting = _numbers(entity, context.queue)
    with context.database.writing() as connection:
        gap = read.Gap(connection, entity, context.at(connection), context.chunk_rows(entity))
        for rows in gap:
            fresh = missing(rows, waiting)
            if len(fresh):
                pushed += context.queue.push(zip(fresh.names, fresh.parent.names, strict=True))
                progress(len(fresh))
    return StepReport(
        name=entity.name,
        table=entity.table,
        target=gap.target,
        present=gap.target - gap.missing,
        added=0,
        removed=0,
        seconds=time.monotonic() - started,
        step=entity.step,
        queued=pushed,
        awaited=gap.missing,
    )


def _numbers(entity: Entity, queue: Jobs) -> Integers:
    keys = queue.waiting()
    if not keys:
        return np.zeros(0, dtype=np.int64)
    numbers, ours = entity.key.read(keys)
    return np.unique(numbers[ours])


@dataclass(frozen=True)
class Waited:
    """How many rows the application's worker has still to write, and how long it was given."""

    missing: int
    target: int
    seconds: float

    def __str__(self) -> str:
        if not self.missing:
            return f"the application's worker has written all {self.target} rows"
        return (
            f"{self.missing} of {self.target} rows are missing after {self.seconds:.0f} s: the "
            "application's worker has not written them"
        )


def await_worker(context: RunContext) -> Waited:
    """Wait until the application's worker has written every row, or the profile's time is over."""
    started = time.monotonic()
    patience = context.profile.services.embeddings.timeout
    while True:
        absent, target = _absent(context)
        seconds = time.monotonic() - started
        if not absent or seconds >= patience:
            return Waited(absent, target, seconds)
        time.sleep(min(SECONDS_BETWEEN_LOOKS, patience - seconds))


def _absent(context: RunContext) -> tuple[int, int]:
    absent = target = 0
    for entity in context.dataset.entities:
        if context.by_worker(entity):
            with context.database.reading() as connection:
                size = context.profile.chunk_rows
                gap = read.Gap(connection, entity, context.at(connection), size)
                absent += sum(map(len, gap))
            target += gap.target
    return absent, target
