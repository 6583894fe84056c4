"""A run's coordinates, and the frames that declarations read at them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from seedbed.declare.authored import authored
from seedbed.declare.entity import Entity
from seedbed.declare.errors import BadDeclaration, UnknownName
from seedbed.declare.lazy import lazy
from seedbed.declare.reads import Reader, Step, Table, View
from seedbed.declare.resource import Resource
from seedbed.declare.values import Column, Embedded, FixedPoint
from seedbed.engine import draws
from seedbed.engine.pools import pool
from seedbed.engine.rows import Rows
from seedbed.engine.target import chunks, nothing

Looker: TypeAlias = Callable[[Resource], pd.DataFrame]


def _unseen(resource: Resource) -> pd.DataFrame:
    raise BadDeclaration(resource.name, "is looked at outside of a step")


def _unread(table: Table) -> pd.DataFrame:
    raise BadDeclaration(table.name, "is read outside of a step")


@dataclass(frozen=True)
class Run:
    """What all values follow from: dataset, seed, dates, scale, requirements, rows of others.

    `as_of` ends the windows; `anchor` is the as_of of the run that made the other rows first.
    They differ only after windows have rolled. `read` gives a table's rows as they are now.
    """

    dataset: str
    seed: int
    as_of: date
    anchor: date
    scale: int
    requirements: Mapping[str, int | str] = field(default_factory=dict)
    read: Reader = field(default=_unread, repr=False)
    stood: frozenset[str] = frozenset()
    """Entities whose first set this run removed, and makes anew whoever has come since."""
    look: Looker = field(default=_unseen, repr=False)
    """Gives what a service holds of a resource: a row an object, with its `key`."""
    cache: Path | None = None
    """Where pools are kept between runs."""

    def reading(self, read: Reader) -> Run:
        """The same coordinates over the rows that `read` gives."""
        return replace(self, read=read)

    @lazy
    def _frames(self) -> dict[Entity | View, pd.DataFrame]:
        return {}

    def stream(self, entity: str, name: str) -> np.uint64:
        """The stream of one column's draws."""
        return draws.stream(self.seed, self.dataset, entity, name)

    def number(self, given: int | str) -> int:
        """The number, or the requirement of that name.

        Raises:
            UnknownName: the dataset has no such requirement.
        """
        if isinstance(given, int):
            return given
        return int(self._setting(given))

    def option(self, name: str) -> str:
        """The text of the option of that name.

        Raises:
            UnknownName: the dataset has no such option.
        """
        return str(self._setting(name))

    def _setting(self, name: str) -> int | str:
        if name not in self.requirements:
            raise UnknownName(f"requirement of {self.dataset}", name, self.requirements)
        return self.requirements[name]

    def pool(self, kind: str, size: int, *, locale: str) -> tuple[str, ...]:
        """`size` different values of a kind that Faker knows, by the run's seed."""
        return pool(kind, size, locale=locale, seed=self.seed, cache=self.cache)

    def frame(self, above: Table | View | Step) -> pd.DataFrame:
        """An upstream as a DataFrame, keys as Python values: for small sets.

        Raises:
            BadDeclaration: it is a step that makes no rows.
        """
        if isinstance(above, Table):
            return self.read(above)
        if isinstance(above, Resource):
            return self.look(above)
        if not isinstance(above, Entity | View):
            raise BadDeclaration(above.name, "makes no rows; read the entity that it changes")
        if above not in self._frames:
            self._frames[above] = self._made(above)
        return self._frames[above]

    def _made(self, above: Entity | View) -> pd.DataFrame:
        if isinstance(above, View):
            given = [*map(self.frame, above.of), *map(self.number, above.numbers)]
            with authored(above.name, above.make, self.dataset):
                return above.make(*given)
        parts = [as_frame(rows) for rows in chunks(above, self, 50_000)]
        return pd.concat(parts or [as_frame(nothing(above, self))], ignore_index=True)


def as_frame(rows: Rows) -> pd.DataFrame:
    """Rows as a DataFrame of plain values."""
    plain = {name: _plain(column, len(rows)) for name, column in rows.columns.items()}
    return pd.DataFrame(plain, index=range(len(rows)))


def _plain(column: Column, rows: int) -> Any:
    """Values that pandas understands: keys become `uuid.UUID` or `str`, scalars are repeated."""
    if isinstance(column, Embedded):
        column = column.texts
    if isinstance(column, list):
        return column
    if isinstance(column, FixedPoint):
        return [Decimal(int(units)).scaleb(-column.places) for units in column.units]
    if isinstance(column, np.ma.MaskedArray):
        return pd.Series(_plain(column.data, rows)).mask(np.ma.getmaskarray(column))
    if isinstance(column, np.ndarray) and column.dtype.kind == "V":
        return [uuid.UUID(bytes=value.tobytes()) for value in column]
    if isinstance(column, np.ndarray) and column.dtype.kind == "S":
        return [value.decode() for value in column]
    return column if isinstance(column, np.ndarray | pd.Categorical) else [column] * rows
