"""Reflect: what the application's tables look like, and whether the declarations fit them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace

from seedbed.declare.entity import Dataset, Entity
from seedbed.declare.update import Update
from seedbed.engine.plan import Mismatch
from seedbed.engine.run import Run
from seedbed.engine.target import nothing
from seedbed.postgres.catalogue import Catalogue, TableColumn
from seedbed.postgres.copy.encode import ColumnType


@dataclass(frozen=True)
class Fit:
    """The columns that a step writes, with their types in the database, in declared order.

    None where it cannot be worked with at all: its table or its key is not there.
    """

    columns: tuple[ColumnType, ...] = ()
    found: tuple[Mismatch, ...] = ()


def fit(catalogue: Catalogue, step: Entity | Update, run: Run) -> Fit:
    """What a step writes, and everything in which its table is not what it was declared for.

    A table or column is missing or of another kind, or an entity leaves out one that must be
    given.
    """
    of = step.of if isinstance(step, Update) else step
    columns = catalogue.columns(step.table)
    if not columns:
        return _unfit(step, catalogue.absent)
    if not catalogue.is_table(step.table):
        return _unfit(step, "is not a table but a view or the like")
    if isinstance(step, Update):
        filled = list(step.columns(nothing(of, run)))
        problems = _wrong(columns, filled)
    else:
        made = nothing(step, run).columns
        filled = [name for name in made if name in columns or name not in step.optional]
        problems = {**_wrong(columns, filled), **_left_out(columns, filled, step.stamped)}
    found = tuple(Mismatch(step.name, step.table, said, name) for name, said in problems.items())
    if of.key.column not in columns:
        return Fit((), found)
    fits = [columns[n].type for n in filled if n in columns and not columns[n].generated]
    if isinstance(step, Update):  # what follows from rows that are not there yet may be NULL
        fits = [replace(column, null=True) for column in fits]
    return Fit(tuple(fits), found)


def unremovable(catalogue: Catalogue, dataset: Dataset) -> tuple[Mismatch, ...]:
    """What keeps a reset from its work: an entity's table, key or reference that is not there.

    No other column matters to it.
    """
    found: list[Mismatch] = []
    for one in dataset.entities:
        columns = catalogue.columns(one.table)
        if not columns:
            found += _unfit(one, catalogue.absent).found
        elif not catalogue.is_table(one.table):
            found += _unfit(one, "is not a table but a view or the like").found
        else:
            needed = (one.key.column, *one.references)
            found += [
                Mismatch(one.name, one.table, f"has no column {name!r}", name)
                for name in needed
                if name not in columns
            ]
    return tuple(found)


def _unfit(step: Entity | Update, problem: str) -> Fit:
    return Fit((), (Mismatch(step.name, step.table, problem),))


def _wrong(columns: Mapping[str, TableColumn], filled: Iterable[str]) -> dict[str, str]:
    return {
        name: f"generates {name!r} itself; leave it out of the declaration"
        if name in columns
        else f"has no column {name!r}"
        for name in filled
        if name not in columns or columns[name].generated
    }


def _left_out(
    columns: Mapping[str, TableColumn], filled: Iterable[str], stamped: Container[str]
) -> dict[str, str]:
    rest = {name: column for name, column in columns.items() if name not in set(filled)}
    changing = {
        name: f"fills {name!r} by a default that differs on every run; declare it"
        for name, column in rest.items()
        if column.changing and not column.generated and name not in stamped
    }
    required = {
        name: f"requires {name!r}, which the declaration does not fill"
        for name, column in rest.items()
        if column.required
    }
    return required | changing
