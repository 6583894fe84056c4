"""Requirement: what each parent lacks, and the rows that make it good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tasks.engine.choice import nominal, remaining
from tasks.engine.counts import Requirement
from tasks.engine.entity import Entity
from tasks.engine.rows import Rows
from tasks.engine.tables import SEEDED, Table
from tasks.engine.target import all_parents, slots
from tasks.engine.values import Integers

if TYPE_CHECKING:
    from tasks.engine.run import Run


@dataclass(frozen=True)
class Lack:
    """How many rows one parent lacks, and how many of them nothing is left for."""

    parent: str
    rows: int
    unmet: int

    def __str__(self) -> str:
        unmet = f", of which {self.unmet} cannot be met" if self.unmet else ""
        return f"{self.parent} needs {self.rows}{unmet}"


@dataclass(frozen=True)
class Need:
    """The rows to add, and the parents that lack any."""

    rows: Rows
    lacking: tuple[Lack, ...]

    @property
    def unmet(self) -> int:
        """Rows that are required and cannot be made."""
        return sum(one.unmet for one in self.lacking)


def own_table(entity: Entity) -> Table:
    """What has to be known of the entity's own rows that are there."""
    columns = [*(entity.choose.fills if entity.choose else ())]
    columns += [of for of in (own_of(entity), counted_by(entity)) if of is not None]
    distinct = tuple(dict.fromkeys(columns))
    return Table(f"own {entity.name}", entity.table, distinct, (entity,), entity.key.column)


def own_of(entity: Entity) -> str | None:
    """The column of the entity's own table with the parent's key, where a choice needs it."""
    count, choice = entity.count, entity.choose
    if choice is None or not choice.fills or choice.repeat or choice.by is None:
        return None
    return count.of if isinstance(count, Requirement) else None


def counted_by(entity: Entity) -> str | None:
    """The column of the entity's own table by which its rows count, if they do by one of it."""
    count = entity.count
    if isinstance(count, Requirement) and isinstance(count.among, Table):
        return count.of if count.among.table == entity.table else None
    return None


def need(entity: Entity, run: Run, own: pd.DataFrame) -> Need:
    """What has to be added so that every parent has its minimum: the lowest free positions.

    `own` are the entity's rows that are there, with the columns of `own_table`.
    """
    count = entity.count
    assert isinstance(count, Requirement)  # the caller asks for nothing else
    own = own[own[SEEDED] > 0]
    above = all_parents(entity, run)
    wanted = count.number(above)
    least = np.full(len(above), run.number(count.rows))
    every = slots(entity, above, least)
    there = np.isin(every.number, own[SEEDED].to_numpy(np.int64))
    held = np.bincount(every.index[there], minlength=len(above))
    by = counted_by(entity)
    if by is not None:
        # A row that somebody gave to another parent counts there, and leaves its slot taken.
        counts = own[by].value_counts()
        own_held = np.asarray(counts.reindex(above.names, fill_value=0), dtype=np.int64)
        if (held > own_held).any():
            every = slots(entity, above, least + (held - own_held).clip(min=0))
            there = np.isin(every.number, own[SEEDED].to_numpy(np.int64))
        held = own_held
    missing = np.maximum(wanted - held, 0)
    rows = _lowest(every, ~there, missing)
    placed = _with_choice(entity, rows, above, own, wanted)
    made = np.bincount(placed.index, minlength=len(above))
    lacking = tuple(
        Lack(_name(above.names[i]), int(missing[i]), int(missing[i] - made[i]))
        for i in np.flatnonzero(missing)
    )
    return Need(placed, lacking)


def _name(key: Any) -> str:
    return "the database" if key is None else str(key)


def _lowest(every: Rows, free: np.ndarray[Any, Any], missing: Integers) -> Rows:
    """Of the free rows (in order of parent and position) the first `missing` of each parent."""
    before = np.cumsum(free) - free
    first = np.searchsorted(every.index, np.arange(len(missing)))
    start = np.r_[before, free.sum()][first]
    rank = before - start[every.index]
    return every.among(np.flatnonzero(free & (rank < missing[every.index])))


def _with_choice(
    entity: Entity, rows: Rows, above: Rows, own: pd.DataFrame, wanted: Integers
) -> Rows:
    if entity.choose is None or not len(rows):
        return rows
    if entity.choose.fills:
        return remaining(rows, above, own, own_of(entity), wanted)
    # What our own rows chose is not in them: then it is what they would choose.
    whole = nominal(slots(entity, above, wanted), above)
    return whole.among(np.isin(whole.number, rows.number))
