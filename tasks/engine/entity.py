"""The nouns of a declaration: entity, source, dataset."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from tasks.engine.counts import Count, Daily, exactly
from tasks.engine.errors import BadDeclaration, UnknownName
from tasks.engine.keys import Key
from tasks.engine.values import Columns

ColumnFunction: TypeAlias = Callable[..., Columns]


@dataclass(frozen=True)
class Source:
    """Rows that seeding needs and never makes: a prerequisite of the application.

    `query` is the SQL that reads them, in a fixed order; `required` are the values of column
    `by` that must be among them, else every flow stops before it writes; `tables` are those
    that the query reads, for the rights of the run's role.
    """

    name: str
    query: str
    by: str
    required: tuple[str, ...]
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Entity:
    """One kind of row and how to make it; one seeding step.

    `columns(rows, **upstream)` is pure and vectorised over all rows; `per` is the parent
    entity, whose rows are `rows.parent`; `upstream` are further entities and sources, each
    handed over as a DataFrame under its own name; `references` are the columns that point
    at other entities without a foreign key.
    """

    table: str
    key: Key
    count: Count
    columns: ColumnFunction
    per: Entity | None = None
    upstream: tuple[Entity | Source, ...] = ()
    references: dict[str, Entity] = field(default_factory=dict)
    retries: int = 4

    @property
    def name(self) -> str:
        """The name of the column function."""
        return self.columns.__name__

    @property
    def about(self) -> str:
        """The first line of the column function's docstring."""
        return (inspect.getdoc(self.columns) or "").split("\n", 1)[0]

    @property
    def above(self) -> tuple[Entity, ...]:
        """The entities that must be there first."""
        parent = (self.per,) if self.per else ()
        return parent + tuple(one for one in self.upstream if isinstance(one, Entity))

    @property
    def windowed(self) -> bool:
        """Whether its rows are a window that rolls with as_of."""
        return isinstance(self.count, Daily)

    def __hash__(self) -> int:
        return hash((self.table, self.name))


def entity(
    *,
    table: str,
    key: Key,
    count: Count | None = None,
    per: Entity | None = None,
    upstream: tuple[Entity | Source, ...] = (),
    references: dict[str, Entity] | None = None,
    retries: int = 4,
) -> Callable[[ColumnFunction], Entity]:
    """Declare an entity; the decorated function makes its columns and gives it its name.

    Raises:
        BadDeclaration: the function's parameters are not `rows` and the upstream's names.
    """

    def declare(columns: ColumnFunction) -> Entity:
        taken = list(inspect.signature(columns).parameters)[1:]
        declared = [one.name for one in upstream]
        if taken != declared:
            raise BadDeclaration(
                columns.__name__,
                f"takes {taken} but declares upstream {declared}; make the two the same",
            )
        return Entity(
            table, key, count or exactly(1), columns, per, upstream, references or {}, retries
        )

    return declare


@dataclass(frozen=True)
class Dataset:
    """One application's seed data: its entities, in any order, and where its SQL lies.

    `version` is the generator's: it goes up when a value changes, with a line under "Changes
    generated data" in the CHANGELOG.
    """

    name: str
    folder: Path
    entities: tuple[Entity, ...]
    version: int = 1

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that the dataset writes, each once."""
        return tuple(dict.fromkeys(one.table for one in self.entities))

    @property
    def sources(self) -> tuple[Source, ...]:
        """The prerequisites of all entities, each once."""
        found = [up for one in self.entities for up in one.upstream if isinstance(up, Source)]
        return tuple(dict.fromkeys(found))

    @property
    def reads(self) -> tuple[str, ...]:
        """The tables that the prerequisites are read from."""
        return tuple(dict.fromkeys(table for one in self.sources for table in one.tables))

    def entity(self, name: str) -> Entity:
        """The entity of that name.

        Raises:
            UnknownName: there is none; the nearest is suggested.
        """
        for one in self.entities:
            if one.name == name:
                return one
        raise UnknownName(f"entity of {self.name}", name, (one.name for one in self.entities))
