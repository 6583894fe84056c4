"""Pins: which of the rows that are to go have to stay, because rows that stay depend on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import sql

from seedbed.declare.entity import Dataset
from seedbed.engine.plan import Pin
from seedbed.postgres.candidates import Candidates, everything
from seedbed.postgres.connection.database import Connection
from seedbed.postgres.ownership import identifier
from seedbed.postgres.references import Edge, Ties, ties

EXAMPLES = 3

Kept = dict[str, set[Any]]
"""Keys that stay, by table; of rows that a trigger made, the key of ours as text."""


def pins(
    connection: Connection, dataset: Dataset, candidates: Sequence[Candidates], known: Ties
) -> tuple[tuple[Pin, ...], Kept]:
    """The candidates that must stay: rows that stay point at them, directly or in steps.

    What stays takes along what it needs, which is what it points at, and what belongs to it:
    children declared with `stays_with`, and what triggers made for it.
    """
    to_go = {known.ids[one.table]: one for one in candidates}
    inward = [edge for edge in known.edges if edge.parent in to_go]
    belonging = [edge for edge in inward if edge.child in to_go and _belongs(dataset, edge, to_go)]
    kept: Kept = {one.table: set() for one in candidates}
    found: list[Pin] = []

    def keep(edge: Edge, one: Candidates, keys: set[Any], *, along: bool) -> set[Any]:
        fresh = keys - kept[one.table]
        if fresh:
            kept[one.table] |= fresh
            found.append(_pin(edge, one, fresh, to_go.get(edge.parent) if along else None))
        return fresh

    # First what strangers point at; then what the rows kept by the round before need.
    staying: dict[int, sql.Composable] = {
        edge.child: _strangers(to_go.get(edge.child)) for edge in inward
    }
    last: dict[int, set[Any]] = {}
    while staying:
        fresh: dict[int, set[Any]] = {}
        for edge in inward:
            if edge.child in staying:
                parent = to_go[edge.parent]
                keys = _parents(connection, edge, parent, staying[edge.child])
                fresh.setdefault(edge.parent, set()).update(keep(edge, parent, keys, along=False))
        for edge in belonging:
            if last.get(edge.parent):
                child, parent = to_go[edge.child], to_go[edge.parent]
                keys = _children(connection, edge, (child, parent), kept)
                fresh.setdefault(edge.child, set()).update(keep(edge, child, keys, along=True))
        last = {table: keys for table, keys in fresh.items() if keys}
        staying = {table: to_go[table].among("c", keys) for table, keys in last.items()}
    return tuple(found), kept


def needed(connection: Connection, dataset: Dataset) -> Kept:
    """The rows of ours that would have to stay if all were to go."""
    return pins(connection, dataset, everything(dataset), ties(connection, dataset))[1]


def below(
    connection: Connection, candidates: Sequence[Candidates], known: Ties, kept: Kept
) -> tuple[str, ...]:
    """What goes although the row that it points at stays, a sentence each."""
    to_go = {known.ids[one.table]: one for one in candidates}
    found = []
    for edge in known.edges:
        pair = to_go.get(edge.child), to_go.get(edge.parent)
        if pair[0] and pair[1] and kept[pair[1].table]:
            rows = len(_children(connection, edge, (pair[0], pair[1]), kept))
            if rows:
                found.append(
                    f"{rows} of {pair[0].table} go, whose {', '.join(edge.columns)} names rows of "
                    f"{pair[1].table} that stay; stays_with in the declaration keeps them, too"
                )
    return tuple(found)


def with_dependents(
    connection: Connection, dataset: Dataset, keys: Mapping[str, set[Any]]
) -> dict[str, set[Any]]:
    """Rows of ours by table and key, with all rows of ours that point at them, in any steps."""
    own = [one for one in everything(dataset) if not one.copied]
    known = ties(connection, dataset)
    by_id = {known.ids[one.table]: one for one in own}
    inner = [one for one in known.edges if {one.child, one.parent} <= set(by_id)]
    found = {table: set(some) for table, some in keys.items()}
    fresh = {table: some for table, some in found.items() if some}
    while fresh:
        coming: dict[str, set[Any]] = {}
        for edge in inner:
            child, parent = by_id[edge.child], by_id[edge.parent]
            if parent.table in fresh:
                conditions = [child.owned("c"), parent.among("p", fresh[parent.table])]
                more = _keys(connection, edge, parent, child.value("c"), conditions)
                coming.setdefault(child.table, set()).update(more - found.get(child.table, set()))
        fresh = {table: some for table, some in coming.items() if some}
        for table, some in fresh.items():
            found.setdefault(table, set()).update(some)
    return found


def going(one: Candidates, kept: Kept, alias: str = "own") -> sql.Composed:
    """The condition on the candidates of `alias` that do not have to stay."""
    if not kept.get(one.table):
        return one.on(alias)
    return sql.SQL("{} AND NOT {}").format(one.on(alias), one.among(alias, kept[one.table]))


def _belongs(dataset: Dataset, edge: Edge, to_go: dict[int, Candidates]) -> bool:
    if edge.copied:
        return True
    child, parent = to_go[edge.child].table, to_go[edge.parent].table
    return any(
        one.table == child and up.table == parent
        for one in dataset.entities
        for up in one.stays_with
    )


def _strangers(child: Candidates | None) -> sql.Composable:
    """Rows of alias `c` that are not to go: null-safe, for a key of theirs can be NULL."""
    if child is None:
        return sql.SQL("true")
    return sql.SQL("({}) IS NOT TRUE").format(child.on("c"))


def _pin(edge: Edge, one: Candidates, keys: set[Any], along: Candidates | None) -> Pin:
    examples = tuple(sorted(map(str, keys))[:EXAMPLES])
    by = edge.name if along is None else along.table
    columns = ", ".join(edge.columns)
    return Pin(one.table, len(keys), by, columns, examples, along=along is not None)


def _parents(
    connection: Connection, edge: Edge, parent: Candidates, staying: sql.Composable
) -> set[Any]:
    return _keys(connection, edge, parent, parent.value("p"), [parent.on("p"), staying])


def _children(
    connection: Connection, edge: Edge, pair: tuple[Candidates, Candidates], kept: Kept
) -> set[Any]:
    """The keys of children that are to go although the parent that they point at is kept."""
    child, parent = pair
    conditions = [going(child, kept, "c"), parent.among("p", kept[parent.table])]
    return _keys(connection, edge, parent, child.value("c"), conditions)


def _keys(
    connection: Connection,
    edge: Edge,
    parent: Candidates,
    key: sql.Composable,
    conditions: Sequence[sql.Composable],
) -> set[Any]:
    """The keys of one side of all pairs that meet the conditions."""
    query = sql.SQL("SELECT DISTINCT {key} FROM {child} JOIN {parent} AS p ON {same} WHERE {all}")
    found = connection.execute(
        query.format(
            key=key,
            child=edge.rows("c"),
            parent=identifier(parent.table),
            same=edge.same("c", "p"),
            all=sql.SQL(" AND ").join(sql.SQL("({})").format(term) for term in conditions),
        )
    )
    return {row[0] for row in found}
