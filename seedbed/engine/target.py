"""Target: the rows that a declaration makes at a run's coordinates."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np

from seedbed.declare.asked import Run
from seedbed.declare.authored import authored
from seedbed.declare.entity import Entity
from seedbed.declare.errors import BadDeclaration
from seedbed.declare.reads import Table, View
from seedbed.declare.values import Integers
from seedbed.engine.choosing import nominal
from seedbed.engine.existing import Existing
from seedbed.engine.rows import Rows

AT_ONCE = 50_000


def chunks(entity: Entity, run: Run, size: int) -> Iterator[Rows]:
    """The target of an entity: all its rows, at most `size` at a time, in key order per parent.

    What depends on rows of others is worked out whole and then handed out in chunks.
    """
    if entity.grounded:
        rows = target(entity, run)
        for start in range(0, len(rows), size):
            yield rows.take(np.arange(start, min(start + size, len(rows))))
        return
    for above in _parents(entity, run, size):
        yield from _children(entity, above, counts(entity, above), size)


def target(entity: Entity, run: Run) -> Rows:
    """All rows of the target as one, each with its choice; those nothing is left for are not."""
    above = all_parents(entity, run)
    rows = slots(entity, above, counts(entity, above))
    return rows if entity.choose is None else nominal(rows, above)


def all_parents(entity: Entity, run: Run) -> Rows:
    """The parents of an entity's rows as one."""
    found = next(_parents(entity, run, sys.maxsize), None)
    return _no_parents(entity, run) if found is None else found


def slots(entity: Entity, above: Rows, number: Integers) -> Rows:
    """`number` (int64, one a parent) rows of each parent as one, without a choice."""
    made = _children(entity, above, number, sys.maxsize)
    none = np.zeros(0, dtype=np.int64)
    return next(made, Rows(entity, above.run, above, none, none))


def nothing(entity: Entity, run: Run) -> Rows:
    """No rows: its columns tell which columns the entity fills."""
    none = np.zeros(0, dtype=np.int64)
    rows = Rows(entity, run, _no_parents(entity, run), none, none)
    if entity.choose is None:
        return rows
    return rows.with_chosen(run.frame(entity.choose.among).iloc[:0])


def counts(entity: Entity, above: Rows) -> Integers:
    """How many rows each parent has, int64 of shape (n,); see `Count`.

    Raises:
        BadDeclaration: the author's function fails, or gives no number a parent.
    """
    function = getattr(entity.count, "rows", getattr(entity.count, "days", None))
    if not callable(function):
        function = entity.columns
    with authored(entity.name, function, above.run.dataset):
        number = entity.count.number(above)
        if np.shape(number) != (len(above),):
            shape = np.shape(number)
            problem = f"counts rows of shape {shape} for {len(above)} parents; give one number each"
            raise BadDeclaration(entity.name, problem)
        return number


def count(entity: Entity, run: Run) -> int:
    """How many rows the target has."""
    if entity.grounded:
        return len(target(entity, run))
    above = _parents(entity, run, AT_ONCE)
    return sum(int(counts(entity, parents).sum()) for parents in above)


def _parents(entity: Entity, run: Run, size: int) -> Iterator[Rows]:
    """Of our own making, of any origin, or the root."""
    if entity.per is None:
        yield Rows.root(run)
    elif isinstance(entity.per, Table | View):
        yield Existing(run, entity.per, run.frame(entity.per))
    else:
        yield from chunks(entity.per, run, size)


def _no_parents(entity: Entity, run: Run) -> Rows:
    if entity.per is None:
        return Rows.root(run)
    if isinstance(entity.per, Table | View):
        return Existing(run, entity.per, run.frame(entity.per).iloc[:0])
    return nothing(entity.per, run)


def _children(entity: Entity, above: Rows, number: Integers, size: int) -> Iterator[Rows]:
    first = entity.count.first(above)
    ends = np.cumsum(number)
    total = int(ends[-1]) if len(ends) else 0
    for start in range(0, total, size):
        place = np.arange(start, min(start + size, total), dtype=np.int64)
        index = np.searchsorted(ends, place, side="right")
        position = place - (ends - number)[index] + first[index]
        rows = Rows(entity, above.run, above, index, position)
        yield rows if total <= size else rows.take(np.arange(len(rows)))
