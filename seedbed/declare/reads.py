"""Reads: tables and views, rows of any origin as a step reads them, and what a step is."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import numpy as np
import pandas as pd

from seedbed.declare.authored import place_of, place_of_caller
from seedbed.declare.errors import BadDeclaration
from seedbed.declare.keys import Key

SEEDED = "seeded"
"""The column that every table frame has: the number of a row of ours, 0 for rows of others."""

Reader: TypeAlias = Callable[["Table"], pd.DataFrame]


@dataclass(frozen=True)
class Table:
    """Rows of one table of the application, whoever wrote them, read when a step begins.

    Of the dataset's own rows only those of the entities in `after` are among them: what a step
    sees then follows from its upstream and from rows of others, never from which other steps have
    already run.

    Args:
        name: what reports and errors call it
        table: the table in the database
        columns: the columns to read, beside the key
        after: the entities whose rows are among those read; None for all of the dataset
        key: the column with the key
        required: values that the application must have before anything is written, by column
        examples: rows as the application has them, for looking at entities without a database
    """

    name: str
    table: str
    columns: tuple[str, ...]
    after: tuple[Seeded, ...] | None = ()
    key: str = "id"
    required: dict[str, tuple[str, ...]] = field(default_factory=dict)
    examples: tuple[dict[str, Any], ...] = ()

    def __post_init__(self) -> None:
        """Check that the columns are several.

        Raises:
            BadDeclaration: they are a text, whose letters would be taken for columns.
        """
        if isinstance(self.columns, str):
            problem = f"has columns={self.columns!r}; write a tuple: ({self.columns!r},)"
            raise BadDeclaration(self.name, problem, at=place_of_caller())

    def __hash__(self) -> int:
        return hash((self.name, self.table))


@dataclass(frozen=True, eq=False)
class View:
    """A frame made of entities, tables and other views by a pure function.

    Args:
        make: the function
        of: what its frames are made from
        key: the column that identifies its rows
        numbers: names of minimums, handed over behind the frames
    """

    make: Callable[..., pd.DataFrame]
    of: tuple[Seeded | Table | View, ...]
    key: str
    numbers: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of its function."""
        return self.make.__name__


class Named(Protocol):
    """What a function can take by its name."""

    @property
    def name(self) -> str: ...


class Step(Protocol):
    """What a run does in one go: an entity's rows are added, or something is done after them."""

    @property
    def name(self) -> str: ...

    @property
    def about(self) -> str: ...

    @property
    def table(self) -> str: ...

    @property
    def step(self) -> str: ...

    @property
    def task(self) -> str:
        """The Prefect task that does it, together with others of the same name."""

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables whose rows of any origin it reads."""

    @property
    def above(self) -> tuple[Step, ...]:
        """The steps that must be done first."""


class Seeded(Step, Protocol):
    """A step whose rows can be read: an entity, for a table or a view of its rows."""

    @property
    def key(self) -> Key: ...

    @property
    def reads(self) -> tuple[Table, ...]:
        """The tables that its rows and their parents' are made from."""


def view(
    *of: Seeded | Table | View, key: str = "id", numbers: tuple[str, ...] = ()
) -> Callable[[Callable[..., pd.DataFrame]], View]:
    """Declare a view; the decorated function takes the frames of `of`, then the `numbers`.

    Args:
        of: entities, tables and other views that it is made from
        key: the column that identifies its rows
        numbers: names of minimums, handed over behind the frames

    Raises:
        BadDeclaration: the function takes another number of them.
    """

    def declare(make: Callable[..., pd.DataFrame]) -> View:
        taken = list(inspect.signature(make).parameters)
        declared = [*(one.name for one in of), *numbers]
        if len(taken) != len(declared):
            problem = f"takes {taken} but declares {declared}; make the two the same"
            raise BadDeclaration(make.__name__, problem, at=place_of(make))
        return View(make, of, key, numbers)

    return declare


def without(pairs: pd.DataFrame, taken: pd.DataFrame, on: tuple[str, ...]) -> pd.DataFrame:
    """The rows of a frame whose values in some columns no row of another frame holds.

    Args:
        pairs: the frame whose rows are kept or left out
        taken: the frame with the rows that are not wanted
        on: the columns that are compared
    """
    columns = list(on)
    if taken.empty or pairs.empty:
        return pairs
    held = pd.MultiIndex.from_frame(taken[columns])
    return pairs[~pd.MultiIndex.from_frame(pairs[columns]).isin(held)]


def typed(values: pd.Series[Any], like: pd.Series[Any]) -> pd.Series[Any]:
    """The values in the type of a column, or in that which has gaps too where they have any."""
    if like.dtype == np.int64 and values.isna().any():
        return values.astype("Int64")
    return values.astype(like.dtype)


def alike(rows: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """The columns of a frame of further rows of its kind, in its types; see `typed`."""
    return pd.DataFrame({name: typed(rows[name], frame[name]) for name in frame.columns})


def tables_of(given: Iterable[Seeded | Table | View]) -> tuple[Table, ...]:
    """The tables that frames come from, directly or through views, each once."""
    return tuple(one for one in _sources(given) if isinstance(one, Table))


def entities_of(given: Iterable[Seeded | Table | View]) -> tuple[Seeded, ...]:
    """The entities that frames come from, directly or through views, each once."""
    return tuple(one for one in _sources(given) if not isinstance(one, Table))


def _sources(given: Iterable[Seeded | Table | View]) -> tuple[Seeded | Table, ...]:
    found: dict[Seeded | Table, None] = {}
    for one in given:
        found |= dict.fromkeys(_sources(one.of) if isinstance(one, View) else (one,))
    return tuple(found)


def made_before(inputs: Iterable[Seeded | Table | View]) -> list[Step]:
    """The entities whose rows are among the inputs, and those that tables of them show."""
    given = tuple(inputs)
    read = [made for table in tables_of(given) for made in table.after or ()]
    return [*entities_of(given), *read]
