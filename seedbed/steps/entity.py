"""Entity: the step that makes an entity's rows, whoever writes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from seedbed.context.context import RunContext
from seedbed.declare.entity import Entity
from seedbed.engine.plan import Mismatch, Standing
from seedbed.engine.report import StepReport
from seedbed.engine.run import Run
from seedbed.engine.target import count
from seedbed.postgres import read
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.fit import refused
from seedbed.postgres.snapshot import Snapshot
from seedbed.steps.accounts import made_by_server, open_accounts
from seedbed.steps.fill import fill
from seedbed.steps.queue import enqueue
from seedbed.steps.renewing import renew


@dataclass(frozen=True)
class EntityStep:
    """See `kinds.Kind`."""

    context: RunContext
    entity: Entity
    slow = False

    def do(self, progress: Callable[[int], None]) -> StepReport:
        """Add what is missing, or have it added by who writes such rows."""
        context, entity = self.context, self.entity
        server = made_by_server(context, entity)
        if server is not None:
            return open_accounts(context, entity, server, progress)
        if context.by_worker(entity):
            return enqueue(context, entity, progress)
        if context.anew:
            return renew(context, entity, context.anew[0])
        return fill(context, entity, progress)

    def total(self, run: Run) -> int:
        """The rows of the target."""
        return count(self.entity, run)

    def standing(self, connection: Connection, run: Run, snapshot: Snapshot) -> Standing:
        """The gap; a later step that looks at the table sees the rows that would be added."""
        entity = self.entity
        gap = read.Gap(connection, entity, run, self.context.profile.chunk_rows)
        looked_at = self.context.dataset.is_read(entity.table)
        for rows in [rows for rows in gap if looked_at]:
            snapshot.add(rows)
        present = gap.target - gap.missing
        beyond = gap.owned - present
        return Standing(entity.name, entity.table, gap.target, present, beyond, gap.lacking)

    def refused(self, run: Run) -> tuple[Mismatch, ...]:
        """What the database would not take of its first rows, unless another worker writes them."""
        if self.context.by_worker(self.entity):
            return ()
        columns = self.context.columns[self.entity.name]
        return refused(self.entity, columns, run, self.context.profile.chunk_rows)
