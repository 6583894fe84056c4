"""Circles: required foreign keys that lead from a table back to itself.

Each step is one transaction and fills one table. Where tables require rows of each other, none
of them can be the first, deferrable or not.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from seedbed.declare.entity import Dataset
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.errors import RequiredCircle
from seedbed.postgres.ownership import identifier

_REQUIRED = """
    SELECT DISTINCT child.quoted, parent.quoted
    FROM unnest(%(tables)s::text[]) AS child(quoted), unnest(%(tables)s::text[]) AS parent(quoted),
         pg_constraint c
    WHERE c.contype = 'f' AND c.conrelid = to_regclass(child.quoted)
      AND c.confrelid = to_regclass(parent.quoted) AND c.conrelid <> c.confrelid
      AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.conrelid
                      AND a.attnum = ANY(c.conkey) AND NOT a.attnotnull)
"""


def refuse(connection: Connection, dataset: Dataset) -> None:
    """Check that some order fills the dataset's tables.

    Raises:
        RequiredCircle: there is none.
    """
    names = {identifier(table).as_string(connection): table for table in dataset.tables}
    graph: dict[str, set[str]] = {}
    for child, parent in connection.execute(_REQUIRED, {"tables": list(names)}):
        graph.setdefault(names[child], set()).add(names[parent])
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise RequiredCircle(dataset.name, error.args[1]) from None
