"""Plan: what a run would do, as frozen values. Nothing here reads or writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from seedbed.declare.values import Integers
from seedbed.engine.requirement import Lack
from seedbed.engine.rows import Rows


@dataclass(frozen=True)
class Mismatch:
    """One thing in which an entity's declaration and its table differ.

    Without a table it is a check that cannot be asked.
    """

    entity: str
    table: str
    problem: str
    """What follows on "table orders": "has no column 'total'"."""
    column: str = ""
    value: str = ""
    """What the declaration makes, where that is the matter."""


def told(found: Iterable[Mismatch]) -> tuple[str, ...]:
    """A sentence for all that one entity, or several of one table, do not find there."""
    by_entity: dict[tuple[str, str], dict[str, None]] = {}
    for one in found:
        by_entity.setdefault((one.entity, one.table), {})[one.problem] = None
    alike: dict[tuple[str, str], list[str]] = {}
    for (entity, table), problems in by_entity.items():
        alike.setdefault((table, " and ".join(problems)), []).append(repr(entity))
    return tuple(
        f"{'entities' if len(names) > 1 else 'entity'} {', '.join(names)}: table {table} {said}"
        if table
        else f"check {', '.join(names)} {said}"
        for (table, said), names in alike.items()
    )


@dataclass(frozen=True)
class Standing:
    """Where a step stands: its target, how much of it is present, and what is ours beyond it."""

    step: str
    table: str
    target: int
    present: int
    beyond: int = 0
    """Owned rows outside the target: a day that left the window, a larger scale's rows."""
    lacking: tuple[Lack, ...] = ()
    """The parents that a requirement asks more for."""
    settles: bool = False
    """Its rows are changed or awaited, not added."""
    misfits: tuple[Mismatch, ...] = ()
    """Why its rows cannot be written, or cannot be looked at."""

    @property
    def unmet(self) -> int:
        """Rows that a requirement asks for and nothing is left to make them of."""
        return sum(one.unmet for one in self.lacking)

    @property
    def gap(self) -> int:
        """Rows to add, or to change."""
        return self.target - self.present


@dataclass(frozen=True)
class Pin:
    """Owned rows that stay because rows which are not ours depend on them, or come with them."""

    table: str
    rows: int
    by: str
    """The table that points at them."""
    column: str
    examples: tuple[str, ...]
    along: bool = False
    """They stay with rows of `by`, which they belong to."""

    def __str__(self) -> str:
        keys = ", ".join(self.examples)
        if self.along:
            return f"{self.rows} of {self.table}, with {self.by} by {self.column} ({keys})"
        return f"{self.rows} of {self.table}, needed by {self.by}.{self.column} ({keys})"


@dataclass(frozen=True)
class Removal:
    """What a reset would remove, table by table, and what it would have to keep."""

    tables: dict[str, int]
    pins: tuple[Pin, ...]

    kept: int = 0
    """Owned rows that stay."""
    warnings: tuple[str, ...] = ()
    """What will make it slow, and what a trigger may do unseen; a sentence each."""
    below: tuple[str, ...] = ()
    """Rows that go although what they belong to stays, a sentence each."""
    refused: bool = False
    """Whether it would be refused, because a table, a key or a reference is not there."""
    objects: dict[str, int] = field(default_factory=dict)
    """Objects in services that go, too, by where they are."""

    @property
    def rows(self) -> int:
        """Rows that would go."""
        return sum(self.tables.values())


@dataclass(frozen=True)
class Plan:
    """The difference between a dataset's declaration and the database; see `misfits` first."""

    dataset: str
    steps: tuple[Standing, ...]
    removal: Removal

    @property
    def gap(self) -> int:
        """Rows to add or to change over all steps."""
        return sum(step.gap for step in self.steps)

    @property
    def misfits(self) -> tuple[Mismatch, ...]:
        """What does not fit, over all steps: with it a seed writes nothing."""
        return tuple(one for step in self.steps for one in step.misfits)

    def __str__(self) -> str:
        settled = sum(step.gap for step in self.steps if step.settles)
        more = f", {settled} to change" if settled else ""
        return f"{self.gap - settled} rows to add{more}"


def missing(rows: Rows, present: Integers) -> Rows:
    """The gap of a chunk: its rows whose number is not among `present`."""
    absent = ~np.isin(rows.number, present, assume_unique=True)
    return rows if absent.all() else rows.take(np.flatnonzero(absent))


def sentence(
    added: int, removed: int, tables: Iterable[str], seconds: float, updated: int = 0
) -> str:
    """What a run did, for a state's message: "+837 rows in 25 tables, 3.1 s"."""
    number = len(set(tables))
    more = f", -{removed} rows" if removed else ""
    more += f", {updated} updated" if updated else ""
    return f"+{added} rows in {number} table{'' if number == 1 else 's'}{more}, {seconds:.1f} s"
