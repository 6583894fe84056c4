"""The nouns of a declaration: entity and dataset."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import pandas as pd

from seedbed.declare.asked import Rows
from seedbed.declare.choice import Choice
from seedbed.declare.counts import Count, Daily, Initial, Requirement, exactly
from seedbed.declare.errors import UnknownName
from seedbed.declare.keys import Key
from seedbed.declare.lazy import lazy
from seedbed.declare.minimums import Minimum, Option
from seedbed.declare.owners import MadeByTrigger, require_one_owner
from seedbed.declare.reads import Step, Table, View, entities_of, made_before, tables_of
from seedbed.declare.values import Columns
from seedbed.declare.well_formed import require_options, require_parameters, require_tuples

ColumnFunction: TypeAlias = Callable[..., Columns]
Parent: TypeAlias = "Entity | Table | View"


@dataclass(frozen=True)
class Entity:
    """One kind of row and how to make it; one seeding step. Its options: see `entity`."""

    table: str
    key: Key
    count: Count
    columns: ColumnFunction
    per: Parent | None = None
    upstream: tuple[Parent, ...] = ()
    choose: Choice | None = None
    references: dict[str, Entity] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    staged: dict[str, Any] = field(default_factory=dict)
    stamped: frozenset[str] = frozenset()
    through: str = ""
    after: tuple[Step, ...] = ()
    step: str = ""
    chunk: int | None = None
    stays_with: tuple[Entity, ...] = ()

    def __call__(self, rows: Rows, *upstream: pd.DataFrame) -> Columns:
        """The columns of some rows: the column function itself.

        Frames of the upstream that are not given are read by the run that the rows belong to.
        """
        rest = self.upstream[len(upstream) :]
        return self.columns(rows, *upstream, *(rows.run.frame(above) for above in rest))

    @property
    def name(self) -> str:
        """The name of the column function."""
        return self.columns.__name__

    @property
    def about(self) -> str:
        """The first line of the column function's docstring."""
        return first_line(self.columns)

    @property
    def inputs(self) -> tuple[Parent, ...]:
        """Everything that its rows are made from."""
        parent = (self.per,) if self.per else ()
        counted = getattr(self.count, "among", None)
        more = (counted, self.choose.among if self.choose else None)
        return (*parent, *self.upstream, *(one for one in more if one is not None))

    @lazy
    def tables(self) -> tuple[Table, ...]:
        """The tables whose rows of any origin it reads."""
        return tables_of(self.inputs)

    @lazy
    def above(self) -> tuple[Step, ...]:
        """The steps that must be done first."""
        return tuple(dict.fromkeys([*made_before(self.inputs), *self.after]))

    @lazy
    def reads(self) -> tuple[Table, ...]:
        """The tables that its rows and their parents' are made from."""
        above = entities_of(self.inputs)
        return tuple(dict.fromkeys([*self.tables, *(read for one in above for read in one.reads)]))

    @lazy
    def grounded(self) -> bool:
        """Whether it is worked out whole: its rows depend on others', or choose candidates."""
        if self.choose is not None:
            return True
        if isinstance(self.per, Entity):
            return self.per.grounded or isinstance(self.count, Requirement)
        return self.per is not None or getattr(self.count, "among", None) is not None

    @property
    def task(self) -> str:
        """The name of the step that fills it."""
        return self.step or self.name

    @property
    def windowed(self) -> bool:
        """Whether its rows are a window that rolls with as_of."""
        return isinstance(self.count, Daily)

    def rows(self, *columns: str, name: str = "") -> Table:
        """The rows of its table: its own, and those of others."""
        return Table(name or f"rows of {self.name}", self.table, columns, (self,), self.key.column)

    def following(self, *steps: Step) -> Entity:
        """The same entity, whose rows come after those steps: of what it is made from, say."""
        return replace(self, after=(*self.after, *steps))

    def __hash__(self) -> int:
        return hash((self.table, self.name))


class Gathering(Protocol):
    """A step that several entities are declared with; see `step`."""

    name: str
    entities: list[Entity]


def entity(
    *,
    table: str,
    key: Key,
    count: Count | None = None,
    per: Parent | None = None,
    upstream: tuple[Parent, ...] = (),
    choose: Choice | None = None,
    references: dict[str, Entity] | None = None,
    optional: Iterable[str] = (),
    staged: dict[str, Any] | None = None,
    stamped: Iterable[str] = (),
    through: str = "",
    after: tuple[Step, ...] = (),
    step: str | Gathering = "",
    chunk: int | None = None,
    stays_with: tuple[Entity, ...] = (),
) -> Callable[[ColumnFunction], Entity]:
    """Declare an entity; the decorated function makes its columns and gives it its name.

    The function, `columns(rows, **upstream)`, is pure and vectorised over all rows.

    Args:
        table: the table that its rows go to
        key: how its keys are made: `uuid_key` or `text_key`
        count: how many rows each parent has; one if not given
        per: the parent, an entity or rows of any origin; its rows are `rows.parent`
        upstream: further entities, tables and views, handed over as DataFrames by their names
        choose: picks for every row one of some candidates, `rows.chosen`
        references: columns that point at other entities without a foreign key, in arrays, too
        optional: columns to leave out where the application's table does not have them
        staged: the first values of some columns, which `settle` later brings to the function's
        stamped: columns that the application's triggers write; neither compared nor digested
        through: the service that makes the rows where the profile has one
        after: steps to wait for without reading their rows
        step: the task that fills it, in order with other entities of the same step
        chunk: how many rows are made at a time, where one takes kilobytes
        stays_with: entities that need these rows; where a reset keeps one of theirs, these stay

    Raises:
        BadDeclaration: an option holds what it does not take, the function's parameters are not
            `rows` and the upstream's names, or the key counts on numbers that parents of any
            origin do not have.
    """

    def declare(columns: ColumnFunction) -> Entity:
        require_options(columns, key, count, per)
        require_tuples(
            columns,
            upstream=upstream,
            optional=optional,
            stamped=stamped,
            after=after,
            stays_with=stays_with,
        )
        require_parameters(columns, upstream)
        wanted = count or exactly(1)
        if isinstance(wanted, Requirement):
            wanted = wanted.within(table, key.column)
        if isinstance(wanted, Initial):
            wanted = replace(wanted, entity=columns.__name__)
        made = Entity(
            table=table,
            key=key,
            count=wanted,
            columns=columns,
            per=per,
            upstream=upstream,
            choose=choose,
            references=references or {},
            optional=frozenset(optional),
            staged=staged or {},
            stamped=frozenset(stamped),
            through=through,
            after=after,
            step=step if isinstance(step, str) else step.name,
            chunk=chunk,
            stays_with=stays_with,
        )
        if not isinstance(step, str):
            step.entities.append(made)
        return made

    return declare


def first_line(function: Callable[..., Any]) -> str:
    """The first line of a function's docstring: what it is."""
    return (inspect.getdoc(function) or "").split("\n", 1)[0]


@dataclass(frozen=True)
class Dataset:
    """One application's seed data: its entities, in any order, and where its SQL lies.

    Args:
        name: its name, which is that of its package
        folder: where its schema.sql and checks.sql lie
        entities: all its entities, in any order
        version: the generator's; raise it when a value changes
        requirements: the numbers and options that a profile can set
        later: steps that do something with the rows once they are there
        notes: what verify says of things left out on purpose
        made_by_triggers: rows that the application's own triggers make for ours
    """

    name: str
    folder: Path
    entities: tuple[Entity, ...]
    version: int = 1
    requirements: tuple[Minimum | Option, ...] = ()
    later: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    made_by_triggers: tuple[MadeByTrigger, ...] = ()

    def __post_init__(self) -> None:
        """Check that every row has one owner.

        Raises:
            BadDeclaration: two entities make the same keys in a table, or keys in two columns.
        """
        require_one_owner(self.entities, self.made_by_triggers)

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that the dataset writes, each once."""
        return tuple(dict.fromkeys(one.table for one in self.entities))

    @property
    def steps(self) -> tuple[Step, ...]:
        """Everything that a run does."""
        return (*self.entities, *self.later)

    def stamped(self, table: str) -> frozenset[str]:
        """The columns of a table that the application itself writes at any time."""
        return frozenset().union(*(one.stamped for one in self.entities if one.table == table))

    @lazy
    def prerequisites(self) -> tuple[Table, ...]:
        """The tables with rows of the application that seeding needs and never makes."""
        read = dict.fromkeys(table for one in self.steps for table in one.tables)
        return tuple(table for table in read if table.required)

    @property
    def reads(self) -> tuple[str, ...]:
        """The tables that are read and never written."""
        return tuple(sorted(self._read - set(self.tables)))

    def is_read(self, table: str) -> bool:
        """Whether an entity depends on the rows of a table, whoever wrote them."""
        return table in self._read

    @lazy
    def _read(self) -> frozenset[str]:
        return frozenset(table.table for one in self.steps for table in one.tables)

    def named(self, name: str) -> tuple[Step, ...]:
        """The step of that name, or those of the task of that name.

        Raises:
            UnknownName: there is none; the nearest is suggested.
        """
        found = tuple(one for one in self.steps if name in (one.name, one.task))
        if not found:
            known = {n for one in self.steps for n in (one.name, one.task)}
            raise UnknownName(f"entity of {self.name}", name, known)
        return found
