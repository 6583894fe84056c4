"""A run's coordinates, and the rows that a declaration makes at them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from tasks.engine import draws
from tasks.engine.entity import Entity, Source
from tasks.engine.rows import Rows
from tasks.engine.values import Column, FixedPoint


@dataclass(frozen=True)
class Run:
    """What all values follow from: dataset, seed, dates, scale, and the prerequisites read.

    `as_of` ends the windows; `anchor` is the as_of of the run that made the other rows first.
    They differ only after windows have rolled.
    """

    dataset: str
    seed: int
    as_of: date
    anchor: date
    scale: int
    sources: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    @cached_property
    def _frames(self) -> dict[str, pd.DataFrame]:
        return {}

    def stream(self, entity: str, name: str) -> np.uint64:
        """The stream of one column's draws."""
        return draws.stream(self.seed, self.dataset, entity, name)

    def frame(self, above: Entity | Source) -> pd.DataFrame:
        """An upstream as a DataFrame, keys as Python values: for small sets."""
        if isinstance(above, Source):
            return self.sources[above.name]
        if above.name not in self._frames:
            parts = [_frame(rows) for rows in chunks(above, self, 50_000)]
            parts = parts or [_frame(nothing(above, self))]
            self._frames[above.name] = pd.concat(parts, ignore_index=True)
        return self._frames[above.name]


def _frame(rows: Rows) -> pd.DataFrame:
    plain = {name: _plain(column, len(rows)) for name, column in rows.columns.items()}
    return pd.DataFrame(plain, index=range(len(rows)))


def _plain(column: Column, rows: int) -> Any:
    """Values that pandas understands: keys become `uuid.UUID` or `str`, scalars are repeated."""
    if isinstance(column, FixedPoint):
        return column.units
    if isinstance(column, np.ma.MaskedArray):
        return pd.Series(_plain(column.data, rows)).mask(np.ma.getmaskarray(column))
    if isinstance(column, np.ndarray) and column.dtype.kind == "V":
        return [uuid.UUID(bytes=value.tobytes()) for value in column]
    if isinstance(column, np.ndarray) and column.dtype.kind == "S":
        return [value.decode() for value in column]
    return column if isinstance(column, np.ndarray | pd.Categorical) else [column] * rows


def chunks(entity: Entity, run: Run, size: int) -> Iterator[Rows]:
    """The target of an entity: all its rows, at most `size` at a time, in key order per parent."""
    above = [Rows.root(run)] if entity.per is None else chunks(entity.per, run, size)
    for parents in above:
        yield from _children(entity, parents, size)


def _children(entity: Entity, parents: Rows, size: int) -> Iterator[Rows]:
    number, first = entity.count.number(parents), entity.count.first(parents)
    ends = np.cumsum(number)
    total = int(ends[-1]) if len(ends) else 0
    for start in range(0, total, size):
        place = np.arange(start, min(start + size, total), dtype=np.int64)
        index = np.searchsorted(ends, place, side="right")
        position = place - (ends - number)[index] + first[index]
        rows = Rows(entity, parents.run, parents, index, position)
        yield rows if total <= size else rows.take(np.arange(len(rows)))


def nothing(entity: Entity, run: Run) -> Rows:
    """No rows: its columns tell which columns the entity fills."""
    above = Rows.root(run) if entity.per is None else nothing(entity.per, run)
    none = np.zeros(0, dtype=np.int64)
    return Rows(entity, run, above, none, none)


def count(entity: Entity, run: Run) -> int:
    """How many rows the target has."""
    size = 50_000
    above = [Rows.root(run)] if entity.per is None else chunks(entity.per, run, size)
    return sum(int(entity.count.number(parents).sum()) for parents in above)
