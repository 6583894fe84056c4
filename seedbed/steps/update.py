"""Update: the step that changes columns, from what its rows hold to what they shall hold."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from seedbed.context.context import RunContext
from seedbed.declare.update import Update
from seedbed.engine.plan import Mismatch, Standing
from seedbed.engine.report import StepReport
from seedbed.engine.run import Run
from seedbed.postgres import record
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.fence import Fence
from seedbed.postgres.fit import refused
from seedbed.postgres.revise import Pending, pending, revise
from seedbed.postgres.snapshot import Snapshot
from seedbed.steps.errors import NotSettled


def settle(context: RunContext, update: Update) -> StepReport:
    """Change the rows that have to, in one transaction; with none it writes nothing.

    Raises:
        NotSettled: the rows do not hold it afterwards.
    """
    started = time.monotonic()
    columns, size = context.columns[update.name], context.profile.chunk_rows
    with context.database.scratch() as connection:
        found = pending(connection, update, context.at(connection), columns, size)
    if not found.changing:
        return revised(update, found, time.monotonic() - started)
    with context.writing(update.table) as fence:
        report = settled(fence, context, update)
        record.write(
            fence.connection, context.author, context.run, update.name, updated=report.updated
        )
    return report


def settled(fence: Fence, context: RunContext, update: Update) -> StepReport:
    """The same in the transaction of a fence.

    Raises:
        NotSettled: the rows do not hold it afterwards.
    """
    started = time.monotonic()
    columns, size = context.columns[update.name], context.profile.chunk_rows
    run = context.at(fence.connection)
    found = revise(fence.connection, update, run, columns, size)
    fence.settle()
    left = pending(fence.connection, update, run, columns, size).changing
    if left:
        raise NotSettled(update, left)
    return revised(update, found, time.monotonic() - started)


def revised(update: Update, found: Pending, seconds: float) -> StepReport:
    """The report of an update that changed what it found due."""
    return StepReport(
        name=update.name,
        table=update.table,
        target=found.target,
        present=found.present - found.changing,
        added=0,
        removed=0,
        seconds=seconds,
        step=update.step,
        updated=found.changing,
    )


@dataclass(frozen=True)
class UpdateStep:
    """See `kinds.Kind`."""

    context: RunContext
    update: Update
    slow = False

    def do(self, progress: Callable[[int], None]) -> StepReport:
        """Change the rows that are due."""
        return settle(self.context, self.update)

    def total(self, run: Run) -> int:
        """Rows that are due are few: their progress is not shown."""
        return 0

    def standing(self, connection: Connection, run: Run, snapshot: Snapshot) -> Standing:
        """How many rows hold already what they shall hold."""
        update, size = self.update, self.context.profile.chunk_rows
        due = pending(connection, update, run, self.context.columns[update.name], size)
        right = due.present - due.changing
        return Standing(update.name, update.table, due.target, right, settles=True)

    def refused(self, run: Run) -> tuple[Mismatch, ...]:
        """What the database would not take of its first rows."""
        columns = self.context.columns[self.update.name]
        return refused(self.update, columns, run, self.context.profile.chunk_rows)
