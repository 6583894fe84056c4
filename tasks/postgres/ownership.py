"""Ownership: the SQL that tells our rows from all others, by key alone."""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import sql

from tasks.engine.entity import Dataset, Entity
from tasks.engine.keys import TextKey, UuidKey


def identifier(table: str) -> sql.Identifier:
    """A table's name, quoted; `schema.table` becomes two identifiers."""
    return sql.Identifier(*table.split(".", 1))


def owned(entity: Entity, alias: str) -> sql.Composed:
    """True for the rows of `alias` whose key this entity's scheme can make.

    The range finds them through the key's index; the pattern leaves out a stranger's key
    inside the range, such as one that ends in a hexadecimal letter.
    """
    column, key = sql.Identifier(alias, entity.key.column), entity.key
    if isinstance(key, UuidKey):
        low, high = key.bounds
        return sql.SQL(
            "({c} BETWEEN {low} AND {high} AND right({c}::text, 12) ~ '^[0-9]+$')"
        ).format(c=column, low=sql.Literal(low), high=sql.Literal(high))
    if isinstance(key, TextKey):
        digits = key.length - len(key.prefix)
        return sql.SQL("(starts_with({c}, {prefix}) AND {c} ~ {pattern})").format(
            c=column,
            prefix=sql.Literal(key.prefix),
            pattern=sql.Literal(f"^{key.prefix}[0-9a-z]{{{digits}}}$"),
        )
    raise NotImplementedError(f"no ownership rule for {type(key).__name__}")


def any_of(entities: Iterable[Entity], alias: str) -> sql.Composed:
    """True for the rows of `alias` that one of the entities owns."""
    return sql.SQL("({})").format(sql.SQL(" OR ").join(owned(one, alias) for one in entities))


def rows_of(entity: Entity) -> sql.Composed:
    """A subquery with exactly the entity's rows."""
    return sql.SQL("(SELECT * FROM {table} AS own WHERE {mine})").format(
        table=identifier(entity.table), mine=owned(entity, "own")
    )


def by_table(dataset: Dataset) -> dict[str, tuple[Entity, ...]]:
    """The entities of every table, tables in declared order."""
    return {
        table: tuple(one for one in dataset.entities if one.table == table)
        for table in dataset.tables
    }
