"""Requirement: what each parent lacks, and the rows that make it good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from seedbed.declare.choice import Choice
from seedbed.declare.counts import Requirement
from seedbed.declare.entity import Entity
from seedbed.declare.reads import SEEDED, Table, alike, tables_of
from seedbed.declare.values import Booleans, Integers
from seedbed.engine.choosing import nominal, remaining
from seedbed.engine.rows import Rows
from seedbed.engine.run import Run
from seedbed.engine.target import all_parents, counts, slots


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
    counted = [column for table in counted_in(entity) for column in table.columns]
    columns = tuple(dict.fromkeys([*_unique(entity), *counted]))
    return Table(f"own {entity.name}", entity.table, columns, (entity,), entity.key.column)


def own_of(entity: Entity) -> str | None:
    """The column of the entity's own table with the parent's key, where a choice needs it."""
    count, choice = entity.count, entity.choose
    if choice is None or not choice.fills or choice.repeat:
        return None
    return count.of if isinstance(count, Requirement) else None


def same_table(entity: Entity) -> Table:
    """Everybody's rows in the entity's table, by the columns that make a choice unique."""
    return Table(f"all in {entity.table}", entity.table, _unique(entity), None, entity.key.column)


def _unique(entity: Entity) -> tuple[str, ...]:
    of = own_of(entity)
    fills = entity.choose.fills if entity.choose else ()
    return tuple(dict.fromkeys([*fills, *([] if of is None else [of])]))


def counted_in(entity: Entity) -> tuple[Table, ...]:
    """The tables of rows that count among which the entity's own rows are, once they are there."""
    among = entity.count.among if isinstance(entity.count, Requirement) else None
    if among is None:
        return ()
    return tuple(table for table in tables_of([among]) if table.table == entity.table)


def need(entity: Entity, run: Run, own: pd.DataFrame) -> Need:
    """What has to be added so that every parent has its minimum: the lowest free positions.

    `own` are the entity's rows that are there, with the columns of `own_table`.
    """
    count = entity.count
    assert isinstance(count, Requirement)  # the caller asks for nothing else
    own = own[own[SEEDED] > 0]
    above = all_parents(entity, run)
    wanted = counts(entity, above)
    least = np.full(len(above), run.number(count.rows))
    every, there = _positions(entity, above, own, least)
    held = _held(entity, above, own, np.bincount(every.index[there], minlength=len(above)))
    missing = np.maximum(wanted - held, 0)
    free = np.bincount(every.index[~there], minlength=len(above))
    while (free < missing).any():
        # A row that counts no more, or elsewhere, leaves its position taken.
        least = least + np.maximum(missing - free, 0)
        every, there = _positions(entity, above, own, least)
        free = np.bincount(every.index[~there], minlength=len(above))
    rows = _lowest(every, ~there, missing)
    placed = _with_choice(entity, rows, above, own, wanted)
    met = _met(entity, placed, own)
    missing = missing - np.bincount(placed.index[met], minlength=len(above))
    placed, made = placed.among(~met), np.bincount(placed.index[~met], minlength=len(above))
    lacking = tuple(
        Lack(_name(above.names[i]), int(missing[i]), int(missing[i] - made[i]))
        for i in np.flatnonzero(missing)
    )
    return Need(placed, lacking)


def _positions(
    entity: Entity, above: Rows, own: pd.DataFrame, number: Integers
) -> tuple[Rows, Booleans]:
    """The first `number` positions of each parent, and which of them rows of ours hold."""
    every = slots(entity, above, number)
    return every, np.isin(every.number, own[SEEDED].to_numpy(np.int64))


def _held(entity: Entity, above: Rows, own: pd.DataFrame, placed: Integers) -> Integers:
    """Rows of ours in each parent, where they count now; by their positions if by nothing else.

    Somebody can have given a row to another parent, or made it one that does not count.
    """
    count = entity.count
    inside = counted_in(entity)
    if not inside or own.empty:
        return placed
    assert isinstance(count, Requirement)  # else nothing counts

    def beside(table: Table) -> pd.DataFrame:
        frame = above.run.read(table)
        if table not in inside:
            return frame
        return pd.concat([frame, alike(own, frame)], ignore_index=True)

    whole = above.run.reading(beside)
    return count.held(above, whole) - count.held(above, above.run)


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
    reach = np.zeros(len(above), dtype=np.int64)
    np.maximum.at(reach, rows.index, rows.position + 1)
    whole = nominal(slots(entity, above, np.maximum(wanted, reach)), above)
    return whole.among(np.isin(whole.number, rows.number))


def _met(entity: Entity, rows: Rows, own: pd.DataFrame) -> Booleans:
    """Which rows chose what a row of a later step holds already: it serves both.

    No step sees those that come after it, so that happens when a requirement has been raised.
    """
    columns = list(_unique(entity))
    if not columns or not len(rows):
        return np.zeros(len(rows), dtype=bool)
    key = entity.key.column
    every = rows.run.read(same_table(entity))
    later = every[(every[SEEDED] > 0) & ~every[key].isin(own[key])][columns]
    ours = {column: rows.chosen[of].to_numpy() for column, of in _choice(entity).fills.items()}
    of = own_of(entity)
    if of is not None:
        ours[of] = rows.parent.key
    chosen = pd.MultiIndex.from_frame(pd.DataFrame(ours, columns=columns))
    return np.asarray(chosen.isin(pd.MultiIndex.from_frame(later)))


def _choice(entity: Entity) -> Choice:
    assert entity.choose is not None  # only a choice makes rows unique
    return entity.choose
