"""Update: columns that are brought to their value in a step of their own, after the rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from seedbed.declare.asked import Rows
from seedbed.declare.authored import authored
from seedbed.declare.entity import ColumnFunction, Entity, Parent, first_line
from seedbed.declare.errors import BadDeclaration
from seedbed.declare.lazy import lazy
from seedbed.declare.reads import Step, Table, made_before, tables_of
from seedbed.declare.resource import Resource
from seedbed.declare.values import Columns
from seedbed.declare.well_formed import require_parameters, require_tuples


@dataclass(frozen=True, eq=False)
class Update:
    """A step that changes columns of an entity's rows; it never adds a row.

    `make(rows, **upstream)` says what they shall hold. Where `held` is given, a row is changed
    only while its columns hold these values, so that what a person wrote there stays; without
    it the columns are kept at what the function says, whoever changed them.
    """

    name: str
    of: Entity
    make: ColumnFunction
    upstream: tuple[Parent | Resource, ...] = ()
    held: dict[str, Any] = field(default_factory=dict)
    after: tuple[Step, ...] = ()
    about: str = ""
    step: str = ""

    @property
    def table(self) -> str:
        """The table that it changes."""
        return self.of.table

    @property
    def task(self) -> str:
        """The name of the step that it belongs to."""
        return self.step or self.name

    @lazy
    def tables(self) -> tuple[Table, ...]:
        """The tables whose rows of any origin it reads."""
        return tables_of(self._rows)

    @property
    def _rows(self) -> list[Parent]:
        return [one for one in self.upstream if not isinstance(one, Resource)]

    @lazy
    def above(self) -> tuple[Step, ...]:
        """The steps that must be done first."""
        looked = [one for one in self.upstream if isinstance(one, Resource)]
        return tuple(dict.fromkeys([self.of, *made_before(self._rows), *looked, *self.after]))

    def columns(self, rows: Rows) -> Columns:
        """The key and the columns of the entity's rows as they shall be."""
        frames = [rows.run.frame(above) for above in self.upstream]
        with authored(self.name, self.make, rows.run.dataset):
            made = self.make(rows, *frames)
            return {self.of.key.column: rows.key, **made}


def settle(
    of: Entity, name: str, *columns: str, after: tuple[Step, ...] = (), about: str, step: str = ""
) -> Update:
    """The step `name` that brings staged columns of `of` to what its declaration says.

    A row is due while the staged ones among `columns` hold what they were staged with; others
    are written with them.

    Args:
        of: the entity
        name: the step's name
        columns: the columns to bring to their value
        after: steps to wait for
        about: one line that says what it does
        step: the task that it belongs to; its own if not given

    Raises:
        BadDeclaration: none of the columns is staged.
    """
    held = {column: of.staged[column] for column in columns if column in of.staged}
    if not held:
        raise BadDeclaration(name, f"settles {list(columns)}, which {of.name} does not stage")

    def declared(rows: Rows) -> Columns:
        return {column: rows[column] for column in columns if column in rows.columns}

    return Update(name, of, declared, held=held, after=after, about=about, step=step)


def update(
    of: Entity,
    *,
    upstream: tuple[Parent | Resource, ...] = (),
    after: tuple[Step, ...] = (),
    step: str = "",
) -> Callable[[ColumnFunction], Update]:
    """Declare columns of `of` that follow from rows of any origin and are kept up to date.

    The decorated function takes `rows` and the upstream's frames, as an entity's does.

    Args:
        of: the entity whose rows are changed
        upstream: entities, tables, views and resources that the values follow from
        after: steps to wait for without reading their rows
        step: the task that it belongs to; its own if not given

    Raises:
        BadDeclaration: its parameters are not `rows` and the upstream's names.
    """

    def declare(make: ColumnFunction) -> Update:
        require_tuples(make, upstream=upstream, after=after)
        require_parameters(make, upstream)
        return Update(make.__name__, of, make, upstream, {}, after, first_line(make), step)

    return declare
