"""Beyond: the rows of ours that a rebuild's target does not hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from seedbed.context.context import RunContext
from seedbed.declare.entity import Entity
from seedbed.declare.values import Integers
from seedbed.engine.plan import Removal
from seedbed.postgres import delete, read
from seedbed.postgres.candidates import some
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.fence import Fence
from seedbed.postgres.pins import needed
from seedbed.steps.accounts import made_by_server
from seedbed.steps.anew import Anew, Staying

LOOKS = 3
"""How often the target is worked out anew, because rows that cannot go change it."""


@dataclass
class Beyond:
    """The rows of ours that are not in the target."""

    numbers: dict[str, Integers] = field(default_factory=dict)

    def rows(self, entity: Entity) -> int:
        """How many of an entity."""
        return len(self.numbers[entity.name])

    def chosen(self, entities: Iterable[Entity]) -> list[tuple[Entity, Integers]]:
        """Those of some entities."""
        return [(one, self.numbers[one.name]) for one in entities if len(self.numbers[one.name])]


def worked_out(connection: Connection, context: RunContext) -> tuple[Anew, Beyond]:
    """The target of a rebuild, and what is beyond it.

    Rows that cannot go, because rows of others need them, count as a seed would count them: where
    that changes the target, it is worked out anew.
    """
    kept = needed(connection, context.dataset)
    staying: Staying = {}
    for _ in range(LOOKS):
        anew = Anew(context, connection, staying)
        found = beyond(connection, context, anew)
        going = {
            one.table: set(one.keys or ())
            for one in some(context.dataset, found.chosen(context.dataset.entities))
        }
        now = {table: keys & going.get(table, set()) for table, keys in kept.items()}
        now = {table: keys for table, keys in now.items() if keys}
        if now == staying:
            break
        staying = now
    anew.held = {one.name: read.every(connection, one) for one in context.dataset.entities}
    return anew, found


def beyond(connection: Connection, context: RunContext, anew: Anew) -> Beyond:
    """The rows of ours that are there and not in the target."""
    return Beyond(
        {
            one.name: np.setdiff1d(read.every(connection, one), anew.numbers(one))
            for one in context.dataset.entities
        }
    )


def remove_beyond(fence: Fence, context: RunContext, found: Beyond) -> Removal:
    """Remove them, but for those that have to stay, and accounts of an auth server."""
    going = [
        (entity, numbers)
        for entity, numbers in found.chosen(context.dataset.entities)
        if made_by_server(context, entity) is None
    ]
    if not going:
        return Removal({}, ())
    return delete.remove(fence, context.dataset, some(context.dataset, going), strict=False)
