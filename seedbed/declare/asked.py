"""Asked: what a column, count or key function may ask of rows, and of the run they belong to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from seedbed.declare.reads import Reader, Step, Table, View
from seedbed.declare.values import (
    Booleans,
    Column,
    Columns,
    Dates,
    Floats,
    Hashes,
    Integers,
    Objects,
)


class Run(Protocol):
    """What all values follow from: dataset, seed, dates, scale, requirements, rows of others."""

    @property
    def dataset(self) -> str:
        """The dataset's name."""

    @property
    def seed(self) -> int:
        """The number that all draws start from."""

    @property
    def scale(self) -> int:
        """How many times as many rows as at scale 1."""

    @property
    def as_of(self) -> date:
        """The day on which windows end."""

    @property
    def anchor(self) -> date:
        """The `as_of` of the run that first made the rows outside windows."""

    @property
    def stood(self) -> frozenset[str]:
        """Entities whose first set this run removed, and makes anew."""

    @property
    def read(self) -> Reader:
        """Gives the rows of a table as they are now."""

    def number(self, given: int | str) -> int:
        """The number, or the requirement of that name.

        Raises:
            UnknownName: the dataset has no such requirement.
        """

    def option(self, name: str) -> str:
        """The text of the option of that name.

        Raises:
            UnknownName: the dataset has no such option.
        """

    def pool(self, kind: str, size: int, *, locale: str) -> tuple[str, ...]:
        """`size` different values of a kind that Faker knows ("first_name"), by the run's seed."""

    def frame(self, above: Table | View | Step) -> pd.DataFrame:
        """An upstream as a DataFrame, keys as Python values: for small sets."""

    def stream(self, entity: str, name: str) -> np.uint64:
        """Where the draws of one column start."""

    def reading(self, read: Reader) -> Run:
        """The same run over the rows that `read` gives."""


class Rows(Protocol):
    """n rows of an entity, each known by its parent's key and its position in that parent.

    The words that draw a value take a name first, by custom the column's. What they draw follows
    from the seed, dataset, entity, that name and the row's identity, and from nothing else.
    """

    @property
    def position(self) -> Integers:
        """The row's place in its parent, from 0: int64, shape (n,)."""

    @property
    def number(self) -> Integers:
        """The numbers that the keys are made from: int64, shape (n,)."""

    @property
    def key(self) -> Any:
        """The keys as the database holds them: `V16` or `S`, shape (n,)."""

    @property
    def names(self) -> list[Any]:
        """The keys as Python values."""

    @property
    def parent(self) -> Rows:
        """The parent of every row, aligned: n rows, too.

        Raises:
            BadDeclaration: the entity declares no `per`.
        """

    @property
    def chosen(self) -> pd.DataFrame:
        """The candidate of every row: n rows with the columns of the choice's frame.

        Raises:
            BadDeclaration: the entity declares no `choose`.
        """

    @property
    def columns(self) -> Columns:
        """Every column by name, the key first; made by the declaration, never read."""

    @property
    def run(self) -> Run:
        """The run they belong to."""

    @property
    def as_of(self) -> np.datetime64:
        """What "today" meant when the dataset's rows were first made: `datetime64[D]`."""

    def ago(self, share: Floats | float, least: float, most: float) -> Dates:
        """Moments `least` to `most` days before the beginning of `as_of`, in whole seconds.

        `share` (in [0, 1)) says how far on the way from the least to the most.
        """

    @property
    def date(self) -> Dates:
        """The day of each row of a `daily` window: `datetime64[D]`, shape (n,)."""

    def __len__(self) -> int: ...

    def __getitem__(self, column: str) -> Column:
        """A column's values; of a parent that nobody seeded, as they were read."""

    def times(self, column: str) -> Dates:
        """A column as moments in UTC: `datetime64[us]`, shape (n,)."""

    def texts(self, column: str) -> Objects:
        """A column as Python texts, None or NaN for NULL: objects, shape (n,)."""

    def numbers(self, column: str) -> Integers:
        """A column as whole numbers, booleans as 0 and 1: int64, shape (n,)."""

    def keys(self, column: str) -> npt.NDArray[Any]:
        """A column of keys as the database holds them: `V16` or `S`, shape (n,)."""

    def values(self, column: str) -> Objects:
        """A column as Python values, of json and arrays say: objects, shape (n,)."""

    def bits(self, name: str) -> Hashes:
        """64 random bits a row: uint64, shape (n,).

        Raises:
            BadDeclaration: the column function draws the name a second time, which would repeat
                the values of the first.
        """

    def uniform(self, name: str, low: float = 0.0, high: float = 1.0) -> Floats:
        """Uniform in [low, high)."""

    def integers(self, name: str, low: int, high: int | Integers) -> Integers:
        """Uniform whole numbers from low to high, both included; high can differ by row."""

    def chance(self, name: str, probability: float) -> Booleans:
        """True with that probability."""

    def spread(self, name: str, axis: int) -> Floats:
        """Evenly spread over [0, 1) along the positions; axes 0 and 1 together fill the square."""

    def pick(self, name: str, values: Sequence[Any]) -> pd.Categorical:
        """A value of the list, all equally likely; a longer list moves only the rows it must."""

    def weighted(self, name: str, weights: Mapping[Any, float]) -> pd.Categorical:
        """A key of the mapping, as likely as its weight."""

    def choose(self, name: str, frame: pd.DataFrame) -> Integers:
        """A row number of the frame for every row, all equally likely and as stable as `pick`."""


PerParent: TypeAlias = Callable[[Rows], Integers]
"""A pure function of the parents (n rows) to int64 of shape (n,)."""
