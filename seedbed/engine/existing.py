"""Existing: rows of any origin as the parents of ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from seedbed.declare.asked import Run
from seedbed.declare.authored import place_of
from seedbed.declare.errors import BadDeclaration, UnknownName
from seedbed.declare.lazy import lazy
from seedbed.declare.reads import Table, View
from seedbed.declare.values import Booleans, Column, Hashes, Integers
from seedbed.engine import draws
from seedbed.engine.rows import Rows


class Existing(Rows):
    """Rows of any origin as parents: their columns are read, and their identity is their key's."""

    def __init__(self, run: Run, above: Table | View, frame: pd.DataFrame) -> None:
        every = np.arange(len(frame), dtype=np.int64)
        super().__init__(None, run, None, np.zeros(len(frame), np.int64), every)
        require_key(above, frame, run.dataset)
        self.above = above
        self.frame = frame

    @property
    def is_root(self) -> bool:
        """They are parents like any other."""
        return False

    def take(self, index: Integers | Booleans) -> Rows:
        """Some of the rows."""
        return Existing(self.run, self.above, self.frame.iloc[index])

    @lazy
    def number(self) -> Integers:
        """They have none; the keys below are made of hashes (`entity` sees to it)."""
        return np.zeros(len(self), dtype=np.int64)

    @lazy
    def names(self) -> list[Any]:
        """The keys as the database gives them."""
        return list(self.frame[self.above.key])

    @lazy
    def key(self) -> Any:
        """The keys, as objects."""
        return self.frame[self.above.key].to_numpy()

    @lazy
    def identity(self) -> Hashes:
        """64 bits that follow from the key's text alone."""
        return self.key_hash

    @lazy
    def key_hash(self) -> Hashes:
        """What the identities of these rows' children start from."""
        return draws.mix(draws.text_hash(map(str, self.names)))

    def __getitem__(self, column: str) -> Column:
        """A column as it was read.

        Raises:
            UnknownName: the table or view has no such column.
        """
        if column not in self.frame:
            raise UnknownName(f"column of {self.above.name}", column, map(str, self.frame.columns))
        values: Column = self.frame[column].to_numpy()
        return values


def require_key(above: Table | View, frame: pd.DataFrame, dataset: str) -> None:
    """Check that a frame has the column by which its rows are known.

    Raises:
        BadDeclaration: it has not.
    """
    if above.key in frame:
        return
    problem = f"has no column {above.key!r}, by which its rows are known; make it, or name another"
    place = place_of(above.make) if isinstance(above, View) else ""
    raise BadDeclaration(above.name, f"{problem} as its key", of=dataset, at=place)
