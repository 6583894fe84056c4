"""Anew: what a dataset's rows would be if none of ours were there.

A rebuild brings what is there to this: the rows that a seed would add after a reset.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np

from seedbed.context.context import RunContext
from seedbed.declare.counts import Requirement
from seedbed.declare.entity import Entity
from seedbed.declare.values import Integers
from seedbed.engine.order import ordered
from seedbed.engine.plan import Standing, missing
from seedbed.engine.requirement import need, own_table
from seedbed.engine.rows import Rows
from seedbed.engine.target import chunks, count, target
from seedbed.postgres import record
from seedbed.postgres.connection.database import Connection
from seedbed.steps.met import require_met

Staying = Mapping[str, Collection[Any]]
"""Keys of our own rows that cannot go, by table."""


class Anew:
    """The rows of every entity, worked out upstream first over rows of others alone.

    `staying` are rows of ours that cannot go, because rows of others need them: they count as a
    seed after a reset would count them. What is worked out whole is held in memory; what follows
    from the declaration alone is made again whenever it is asked for.

    Raises:
        Unmet: the profile refuses what cannot be met.
    """

    def __init__(self, context: RunContext, connection: Connection, staying: Staying) -> None:
        self._size = context.profile.chunk_rows
        self._whole: dict[str, Rows] = {}
        self.rows = 0
        self.held: dict[str, Integers] = {}
        """The numbers of the rows that were there before the rebuild, by entity."""
        made_for = record.latest(connection, context.dataset.name)
        self.moved = made_for != record.coordinates(context.run, context.author)
        """Whether the rows that are there were made for another day, or by another version."""
        snapshot = context.snapshot(connection, only=staying)
        self._run = context.run.reading(snapshot)
        found = []
        for entity in ordered(context.dataset.entities):
            for table in entity.reads:
                self._run.read(table)  # now: what is made later is made without a connection
            if isinstance(entity.count, Requirement):
                needed = need(entity, self._run, self._run.read(own_table(entity)))
                self._whole[entity.name] = needed.rows
                found.append(Standing(entity.name, entity.table, 0, 0, lacking=needed.lacking))
            elif entity.grounded:
                self._whole[entity.name] = target(entity, self._run)
            made = list(self.chunks(entity)) if self._seen(context, entity) else []
            for rows in made:
                held = entity.key.read(list(staying.get(entity.table, ())))
                snapshot.add(missing(rows, held[0][held[1]]) if len(held[0]) else rows)
            if made:
                self._run = context.run.reading(snapshot)  # frames made before are out of date
            self.rows += self._count(entity)
        require_met(context, found)

    def chunks(self, entity: Entity) -> Iterator[Rows]:
        """The rows of an entity, some at a time."""
        whole = self._whole.get(entity.name)
        if whole is None:
            yield from chunks(entity, self._run, self._size)
        elif len(whole):
            yield whole

    def numbers(self, entity: Entity) -> Integers:
        """The numbers of an entity's rows."""
        found = [rows.number for rows in self.chunks(entity)]
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)

    def _count(self, entity: Entity) -> int:
        whole = self._whole.get(entity.name)
        return count(entity, self._run) if whole is None else len(whole)

    def _seen(self, context: RunContext, entity: Entity) -> bool:
        """Whether a later step looks at the entity's table."""
        return context.dataset.is_read(entity.table)
