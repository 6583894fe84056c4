"""Counts: how many rows an entity has in each of its parents, and at which positions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from seedbed.declare.asked import PerParent, Rows, Run
from seedbed.declare.reads import SEEDED, Table, View
from seedbed.declare.values import Integers


class Count(Protocol):
    """Rows of parent i are at positions first[i] … first[i] + number[i] - 1."""

    def number(self, parents: Rows) -> Integers: ...

    def first(self, parents: Rows) -> Integers: ...


@dataclass(frozen=True)
class Exactly:
    """The same number in every parent: `rows`, or the setting of that name."""

    rows: int | str

    def number(self, parents: Rows) -> Integers:
        """See `Count`."""
        return np.full(len(parents), parents.run.number(self.rows), dtype=np.int64)

    def first(self, parents: Rows) -> Integers:
        """Positions start at 0."""
        return np.zeros(len(parents), dtype=np.int64)


@dataclass(frozen=True)
class Scaled(Exactly):
    """`rows` times the run's scale."""

    def number(self, parents: Rows) -> Integers:
        """See `Count`."""
        return super().number(parents) * parents.run.scale


@dataclass(frozen=True)
class Between:
    """`rows` to `most`, drawn from the parent's identity alone."""

    rows: int
    most: int

    def number(self, parents: Rows) -> Integers:
        """See `Count`."""
        return parents.integers("count", self.rows, self.most)

    def first(self, parents: Rows) -> Integers:
        """Positions start at 0."""
        return np.zeros(len(parents), dtype=np.int64)


@dataclass(frozen=True)
class Initial:
    """A first set, `rows` (a number or the name of one) times the run's scale, for a database
    in which nobody else has rows of the kind: those of `among` with the values in `like`.

    It is kept up while some of it is there, whoever comes later, and made anew by a run that
    removed it itself.
    """

    rows: int | str
    among: Table
    like: dict[str, str]
    entity: str = ""
    """Whose count it is; the declaration sets it."""

    def number(self, parents: Rows) -> Integers:
        """See `Count`."""
        frame = parents.run.frame(self.among)
        for column, value in self.like.items():
            frame = frame[frame[column] == value]
        ours = frame[SEEDED] > 0
        wanted = bool(ours.any()) or frame.empty or self.entity in parents.run.stood
        rows = parents.run.number(self.rows) * parents.run.scale if wanted else 0
        return np.full(len(parents), rows, dtype=np.int64)

    def first(self, parents: Rows) -> Integers:
        """Positions start at 0."""
        return np.zeros(len(parents), dtype=np.int64)


@dataclass(frozen=True)
class Requirement:
    """A minimum a parent: rows of any origin count.

    `among` holds the rows that count, `of` is its column with the parent's key (None: all of
    them count for the one parent). Our own rows are the lowest positions of each parent.
    """

    rows: int | str
    """The minimum, or its name among the dataset's requirements."""
    of: str | None
    among: Table | View | None = None

    def within(self, table: str, key: str) -> Requirement:
        """The same over the entity's own table, unless it says where."""
        if self.among is not None:
            return self
        columns = () if self.of is None else (self.of,)
        return replace(self, among=Table(f"others in {table}", table, columns, key=key))

    def held(self, parents: Rows, run: Run) -> Integers:
        """Rows of those that count, as the run reads them, in each parent: int64, shape (n,)."""
        assert self.among is not None  # `within` has been called by the declaration
        frame = run.frame(self.among)
        if self.of is None:
            return np.full(len(parents), len(frame), dtype=np.int64)
        counts = frame[self.of].value_counts()
        return np.asarray(counts.reindex(parents.names, fill_value=0), dtype=np.int64)

    def number(self, parents: Rows) -> Integers:
        """The rows that have to be ours."""
        lacking = parents.run.number(self.rows) - self.held(parents, parents.run)
        return np.where(lacking > 0, lacking, 0)

    def first(self, parents: Rows) -> Integers:
        """Positions start at 0."""
        return np.zeros(len(parents), dtype=np.int64)


@dataclass(frozen=True)
class Counted:
    """As many as a pure function of the parents says."""

    rows: PerParent

    def number(self, parents: Rows) -> Integers:
        """See `Count`."""
        return self.rows(parents)

    def first(self, parents: Rows) -> Integers:
        """Positions start at 0."""
        return np.zeros(len(parents), dtype=np.int64)


@dataclass(frozen=True)
class Daily:
    """A window: `each` rows a day for the `days` that end at as_of.

    The position is the day's number since 1970-01-01 times `each` plus the row's place in the
    day, so that a row keeps its identity while the window rolls over it.
    """

    days: int | PerParent
    each: int = 1

    def _days(self, parents: Rows) -> Integers:
        if isinstance(self.days, int):
            return np.full(len(parents), self.days, dtype=np.int64)
        return self.days(parents)

    def number(self, parents: Rows) -> Integers:
        """See `Count`."""
        return self._days(parents) * self.each

    def first(self, parents: Rows) -> Integers:
        """The window's oldest day."""
        end = int(np.datetime64(parents.run.as_of, "D").astype(np.int64)) + 1
        return (end - self._days(parents)) * self.each


def exactly(rows: int | str) -> Exactly:
    """`rows` in every parent, whatever the scale.

    Args:
        rows: a number, or the name of a minimum
    """
    return Exactly(rows)


def scaled(rows: int | str) -> Scaled:
    """`rows` at scale 1, `rows` * n at scale n.

    Args:
        rows: a number, or the name of a minimum
    """
    return Scaled(rows)


def between(least: int, most: int) -> Between:
    """`least` to `most` in every parent, both included.

    Args:
        least: the smallest number
        most: the largest number
    """
    return Between(least, most)


def at_least(
    rows: int | str, *, of: str | None = None, among: Table | View | None = None
) -> Requirement:
    """No fewer than `rows` in every parent, whoever wrote them.

    Args:
        rows: a number, or the name of a minimum
        of: the column with the parent's key; None where there is one parent for all
        among: where rows count; the entity's own table if not given
    """
    return Requirement(rows, of, among)


def initial(rows: int | str, *, among: Table, **like: str) -> Initial:
    """A first set where nobody else has rows of the kind.

    Args:
        rows: a number, or the name of a minimum; times the run's scale
        among: the table in which there may be rows of others
        like: values by column: only rows that have them are of the kind
    """
    return Initial(rows, among, like)


def counted(rows: PerParent) -> Counted:
    """A number that follows from the parent's own values.

    Args:
        rows: a pure function of the parents that gives a number for each
    """
    return Counted(rows)


def daily(days: int | PerParent, each: int = 1) -> Daily:
    """`each` rows for every one of the last `days` days, as_of included.

    Args:
        days: how many days, or a function of the parents that gives it for each
        each: rows a day
    """
    return Daily(days, each)
