"""Words: what rows offer to a column function, drawn values and columns of a known type."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from seedbed.declare.asked import Run
from seedbed.declare.entity import Entity
from seedbed.declare.errors import BadDeclaration
from seedbed.declare.values import (
    Booleans,
    Column,
    Dates,
    Floats,
    Hashes,
    Integers,
    Objects,
    categorical,
)
from seedbed.engine import draws


class Words(ABC):
    """The words of `seedbed.Rows` that follow from a row's identity and its columns."""

    entity: Entity | None
    run: Run
    position: Integers
    _drawn: set[str] | None

    @property
    @abstractmethod
    def identity(self) -> Hashes:
        """64 bits a row; see `Rows`."""

    @abstractmethod
    def __getitem__(self, column: str) -> Column:
        """A column's values; see `Rows`."""

    def __len__(self) -> int:
        return len(self.position)

    @property
    def _name(self) -> str:
        return "(root)" if self.entity is None else self.entity.name

    # -- columns of a known type ------------------------------------------------------------

    def times(self, column: str) -> Dates:
        """Moments in UTC, `datetime64[us]`."""
        return self._array(column).astype("datetime64[us]", copy=False)

    def texts(self, column: str) -> Objects:
        """Texts as `str`, NULL as None or NaN."""
        found = self._array(column)
        if found.dtype.kind == "S":
            found = np.strings.decode(found, "utf-8")
        return found.astype(object, copy=False)

    def numbers(self, column: str) -> Integers:
        """Whole numbers, int64; booleans are 0 and 1."""
        return self._array(column).astype(np.int64, copy=False)

    def keys(self, column: str) -> npt.NDArray[Any]:
        """Keys as the database holds them, `V16` or `S`."""
        return self._array(column)

    def values(self, column: str) -> Objects:
        """Python values: dicts and lists of json and array columns."""
        return self._array(column).astype(object, copy=False)

    def _array(self, column: str) -> npt.NDArray[Any]:
        given = self[column]
        if isinstance(given, dict | list):
            found = np.empty(len(self), dtype=object)
            found[:] = given if isinstance(given, list) else [given] * len(self)
            return found
        array = np.asarray(given)
        return array if array.ndim else np.full(len(self), given, dtype=array.dtype)

    # -- draws ------------------------------------------------------------------------------

    def bits(self, name: str) -> Hashes:
        """64 random bits a row under a name: by custom the column's.

        Raises:
            BadDeclaration: the column function draws the name a second time, which would
                repeat the values of the first.
        """
        if self._drawn is not None:
            if name in self._drawn:
                raise BadDeclaration(
                    self._name, f"draws {name!r} twice; give the second draw its own name"
                )
            self._drawn.add(name)
        owner = "" if self.entity is None else self.entity.name
        return draws.bits(self.run.stream(owner, name), self.identity)

    def uniform(self, name: str, low: float = 0.0, high: float = 1.0) -> Floats:
        """Uniform in [low, high)."""
        return low + (high - low) * draws.unit(self.bits(name))

    def integers(self, name: str, low: int, high: int | Integers) -> Integers:
        """Uniform integers from low to high (one for all, or one a row), both included."""
        return low + draws.below(self.bits(name), high - low + 1)

    def chance(self, name: str, probability: float) -> Booleans:
        """True with that probability."""
        return draws.unit(self.bits(name)) < probability

    def spread(self, name: str, axis: int) -> Floats:
        """Evenly spread over [0, 1) along the positions; see `draws.spread`."""
        return draws.spread(self.run.stream(self._name, name), self.position, axis)

    def pick(self, name: str, values: Sequence[Any]) -> pd.Categorical:
        """One of the values, all equally likely; longer lists move only the rows they must."""
        if not len(values):
            raise BadDeclaration(self._name, f"picks {name!r} from no values")
        return categorical(draws.jump(self.bits(name), len(values)), values)

    def weighted(self, name: str, weights: Mapping[Any, float]) -> pd.Categorical:
        """One of the keys, as likely as its weight."""
        edges = np.cumsum(list(weights.values()))
        codes = np.searchsorted(edges / edges[-1], self.uniform(name), side="right")
        return categorical(codes.clip(max=len(weights) - 1), weights)

    def choose(self, name: str, frame: pd.DataFrame) -> Integers:
        """A row number of `frame` for every row: a stable choice (see `draws.jump`)."""
        if frame.empty:
            raise BadDeclaration(self._name, f"chooses {name!r} from no rows")
        return draws.jump(self.bits(name), len(frame))
