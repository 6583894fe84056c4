"""Step: entities of one table that one task fills, and tables that show their rows."""

from __future__ import annotations

from seedbed.declare.authored import place_of_caller
from seedbed.declare.entity import Entity
from seedbed.declare.errors import BadDeclaration
from seedbed.declare.reads import Table


class Filling:
    """A task that fills several entities in order; `entity(step=…)` takes it.

    It knows the entities that have been declared with it so far. So a table of their rows, made
    below them, leaves out none of those above it and has none of those below.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.entities: list[Entity] = []

    def rows(self, *columns: str, name: str = "") -> Table:
        """The rows of their table: those of others, and of all entities declared so far.

        Raises:
            BadDeclaration: there is none yet, or they fill more tables than one.
        """
        tables = list(dict.fromkeys(filled.table for filled in self.entities))
        if len(tables) != 1:
            filled = ", ".join(tables) or "no table yet"
            problem = f"fills {filled}; ask the entity whose table is meant for its rows"
            raise BadDeclaration(self.name, problem, at=place_of_caller())
        last = self.entities[-1]
        after = tuple(self.entities)
        return Table(name or f"{self.name} so far", last.table, columns, after, last.key.column)


def step(name: str) -> Filling:
    """A task that fills several entities, in order; its tables come after all of them.

    Args:
        name: what the task is called, and what `--only` takes
    """
    return Filling(name)


def others(table: str, *columns: str, key: str = "id") -> Table:
    """The rows of a table that are not ours.

    Args:
        table: the application's table
        columns: the columns that are read, beside the key
        key: the column that identifies a row
    """
    return Table(f"{table} of others", table, columns, key=key)
