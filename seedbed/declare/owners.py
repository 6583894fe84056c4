"""Owners: every row of a dataset has one entity that makes it, or a row that it was made for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from seedbed.declare.errors import BadDeclaration
from seedbed.declare.reads import Seeded


@dataclass(frozen=True)
class MadeByTrigger:
    """Rows of `table` whose `column` holds a key of a row of ours in table `of`.

    A trigger of the application made them for ours (an audit line, a wallet, an outbox), so they
    are ours too: they go with the row and stay with it.

    Args:
        table: the table with the rows that a trigger makes
        column: its column with the key of our row
        of: the table of our row
    """

    table: str
    column: str
    of: str


def require_one_owner(entities: Iterable[Seeded], made: Iterable[MadeByTrigger]) -> None:
    """Check that nobody else makes a row's key.

    Raises:
        BadDeclaration: two entities make the same keys in a table, or keys in two columns of it, or
            rows are made for a table that is none of the dataset's, or in one that is.
    """
    claimed: dict[tuple[str, str], Seeded] = {}
    tables: dict[str, Seeded] = {}
    for one in entities:
        other = claimed.setdefault((one.table, one.key.scheme), one)
        if other is not one:
            problem = f"makes the keys of {other.name!r} in {one.table}; give it another kind"
            raise BadDeclaration(one.name, problem)
        first = tables.setdefault(one.table, one)
        if first.key.column != one.key.column:
            problem = f"has its key in {one.key.column!r}, and {first.name!r} in "
            raise BadDeclaration(one.name, f"{problem}{first.key.column!r}; take the same")
    columns: dict[str, str] = {}
    for each in made:
        column = columns.setdefault(each.table, each.column)
        if column != each.column:
            problem = (
                f"names {column!r} and {each.column!r} of {each.table}; name the one by which "
            )
            raise BadDeclaration("made_by_triggers", f"{problem}its rows go with ours")
        if each.of not in tables or each.table in tables:
            known = ", ".join(sorted(tables))
            problem = f"names rows of {each.table} made for {each.of}; of is one of {known}, "
            raise BadDeclaration("made_by_triggers", f"{problem}and the table none of them")
