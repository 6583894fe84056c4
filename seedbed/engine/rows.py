"""Rows: the identities of rows to be made, and the words to draw their values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from seedbed.declare.asked import Run
from seedbed.declare.authored import authored, place_of
from seedbed.declare.entity import Entity
from seedbed.declare.errors import BadDeclaration, BadKey, UnknownName
from seedbed.declare.lazy import lazy
from seedbed.declare.values import (
    Booleans,
    Column,
    Columns,
    Dates,
    Floats,
    Hashes,
    Integers,
    take,
)
from seedbed.engine import draws
from seedbed.engine.columns import require_length
from seedbed.engine.words import Words

DAY = 86_400
"""Seconds."""


class Rows(Words):
    """n rows of one entity, each known by (parent key, position); values are made on demand.

    `parents` holds the distinct parents, `index` (int64, shape (n,)) says which of them is a
    row's own, `position` (int64, shape (n,)) is its place in that parent, from 0.
    """

    def __init__(
        self,
        entity: Entity | None,
        run: Run,
        parents: Rows | None,
        index: Integers,
        position: Integers,
        *,
        chosen: pd.DataFrame | None = None,
    ) -> None:
        self.entity = entity
        self.run = run
        self.parents = parents
        self.index = index
        self.position = position
        self._chosen = chosen
        self._drawn: set[str] | None = None

    @classmethod
    def root(cls, run: Run) -> Rows:
        """The one parent, without columns, of every entity that declares none."""
        zero = np.zeros(1, dtype=np.int64)
        return cls(None, run, None, zero, zero)

    @property
    def is_root(self) -> bool:
        """Whether this is the parent of entities that declare none."""
        return self.entity is None

    def __len__(self) -> int:
        return len(self.position)

    def take(self, index: Integers | Booleans) -> Rows:
        """Some of the rows; parents that none of them needs are left behind."""
        some = self.among(index)
        if some.parents is not None and len(some) < len(some.parents):
            needed, some.index = np.unique(some.index, return_inverse=True)
            some.parents = some.parents.take(needed)
        return some

    def among(self, index: Integers | Booleans) -> Rows:
        """Some of the rows, with all parents."""
        chosen = None if self._chosen is None else self._chosen.iloc[index]
        own, position = self.index[index], self.position[index]
        return Rows(self.entity, self.run, self.parents, own, position, chosen=chosen)

    def with_chosen(self, chosen: pd.DataFrame) -> Rows:
        """The same rows, each with its candidate (n rows)."""
        parents, index, position = self.parents, self.index, self.position
        return Rows(self.entity, self.run, parents, index, position, chosen=chosen)

    @property
    def chosen(self) -> pd.DataFrame:
        """The candidate of every row, with the columns of the choice's frame; n rows."""
        if self._chosen is None:
            raise BadDeclaration(self._entity.name, "chooses nothing; declare `choose`")
        return self._chosen

    # -- identity ---------------------------------------------------------------------------

    @lazy
    def identity(self) -> Hashes:
        """64 bits (uint64, shape (n,)) that follow from (parent key, position) alone."""
        above = np.zeros(1, np.uint64) if self.parents is None else self.parents.key_hash
        return draws.mix(above[self.index] + draws.GAMMA * (self.position + 1).astype(np.uint64))

    @lazy
    def number(self) -> Integers:
        """The numbers that the keys are made from."""
        if self.entity is None or self.parents is None:
            return np.ones(len(self), dtype=np.int64)
        above = self.parents.number[self.index]
        try:
            return self.entity.key.number(above, self.position, self.identity)
        except BadKey as error:
            place = place_of(self.entity.columns)
            problem = f"cannot number its rows: {error}"
            raise BadDeclaration(
                self.entity.name, problem, of=self.run.dataset, at=place
            ) from error

    @lazy
    def key(self) -> Any:
        """The keys as the database holds them: `V16` or `S`, shape (n,)."""
        return self._entity.key.encode(self.number)

    @lazy
    def names(self) -> list[Any]:
        """The keys as Python values."""
        return [None] if self.entity is None else self.entity.key.values(self.number)

    @lazy
    def key_hash(self) -> Hashes:
        """What the identities of these rows' children start from."""
        if self.entity is None:
            return np.zeros(1, np.uint64)
        return draws.mix(self.number.astype(np.uint64) ^ draws.stream(self.entity.name))

    @property
    def _entity(self) -> Entity:
        if self.entity is None:
            raise BadDeclaration("(root)", "has no key and no columns; declare `per`")
        return self.entity

    # -- parents ----------------------------------------------------------------------------

    @lazy
    def parent(self) -> Rows:
        """The parent of every row, aligned: `rows.parent["id"]` has n values too."""
        if self.parents is None or self.parents.is_root:
            raise BadDeclaration(self._entity.name, "has no parent; declare `per`")
        return _Aligned(self.parents, self.index)

    def __getitem__(self, column: str) -> Column:
        """A column's values, made anew from the declaration (never read).

        Raises:
            UnknownName: the entity makes no such column.
        """
        if column not in self.columns:
            raise UnknownName(f"column of {self._entity.name}", column, self.columns)
        return self.columns[column]

    @lazy
    def columns(self) -> Columns:
        """Every column by name, the key first; see `values` for what a column can be."""
        entity = self._entity
        frames = [self.run.frame(above) for above in entity.upstream]
        self._drawn = set()
        try:
            with authored(entity.name, entity.columns, self.run.dataset):
                made = entity(self, *frames)
                require_length(entity.name, made, len(self))
                return {entity.key.column: self.key, **made}
        finally:
            self._drawn = None

    def declared(self) -> Columns:
        """Every column as the declaration says."""
        return self.columns

    def inserted(self) -> Columns:
        """Every column as it is when the row is added: those that are staged differ."""
        staged = self._entity.staged
        return {name: staged.get(name, column) for name, column in self.columns.items()}

    # -- time -------------------------------------------------------------------------------

    @property
    def as_of(self) -> np.datetime64:
        """The date that "today" meant when the dataset's rows were first made (`Run.anchor`)."""
        return np.datetime64(self.run.anchor, "D")

    def ago(self, share: Floats | float, least: float, most: float) -> Dates:
        """Moments `least` to `most` days before as_of; see `seedbed.Rows`."""
        days = least + np.broadcast_to(share, len(self)) * (most - least)
        seconds = (days * DAY).astype(np.int64).astype("timedelta64[s]")
        moments: Dates = (self.as_of.astype("datetime64[s]") - seconds).astype("datetime64[us]")
        return moments

    @property
    def date(self) -> Dates:
        """The day of each row of a `daily` window, `datetime64[D]`."""
        each = getattr(self._entity.count, "each", None)
        if each is None:
            raise BadDeclaration(self._entity.name, "has no dates; count it with `daily`")
        dates: Dates = (self.position // each).astype("datetime64[D]")
        return dates


class _Aligned(Rows):
    """Parents repeated for their children; columns are made once a parent, then repeated."""

    def __init__(self, distinct: Rows, repeat: Integers) -> None:
        index, position = distinct.index[repeat], distinct.position[repeat]
        super().__init__(distinct.entity, distinct.run, distinct.parents, index, position)
        self._distinct = distinct
        self._repeat = repeat

    @property
    def is_root(self) -> bool:
        return self._distinct.is_root

    @lazy
    def number(self) -> Integers:
        return self._distinct.number[self._repeat]

    @lazy
    def key(self) -> Any:
        return self._distinct.key[self._repeat]

    @lazy
    def names(self) -> list[Any]:
        names = self._distinct.names
        return [names[place] for place in self._repeat]

    @lazy
    def key_hash(self) -> Hashes:
        return self._distinct.key_hash[self._repeat]

    @lazy
    def identity(self) -> Hashes:
        return self._distinct.identity[self._repeat]

    @property
    def chosen(self) -> pd.DataFrame:
        return self._distinct.chosen.iloc[self._repeat]

    def __getitem__(self, column: str) -> Column:
        return take(self._distinct[column], self._repeat)

    def bits(self, name: str) -> Hashes:
        return self._distinct.bits(name)[self._repeat]
