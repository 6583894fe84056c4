"""Ownership: the SQL that tells our rows from all others, by key alone."""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import sql

from seedbed.declare.entity import Dataset, Entity
from seedbed.declare.keys import UUID_DIGITS, Key, TextKey, UuidKey


def identifier(table: str) -> sql.Identifier:
    """A table's name, quoted; `schema.table` becomes two identifiers."""
    return sql.Identifier(*table.split(".", 1))


def owned(entity: Entity, alias: str) -> sql.Composed:
    """True for the rows of `alias` whose key this entity's scheme can make.

    The same rows as `Key.decode` says in Python. NULL for a key that is NULL, so that what is not
    ours is `IS NOT TRUE` of this, never `NOT`.
    """
    return carried(sql.Identifier(alias, entity.key.column), entity.key)


def carried(column: sql.Composable, key: Key) -> sql.Composed:
    """True where a column of the key's own type holds a key that the scheme can make.

    The range finds them through the column's index; the pattern leaves out a stranger's key
    inside the range, such as one that ends in a hexadecimal letter.
    """
    if isinstance(key, UuidKey):
        low, high = key.bounds
        return sql.SQL(
            "({c} BETWEEN {low} AND {high} AND right({c}::text, 12) ~ '^[0-9]+$')"
        ).format(c=column, low=sql.Literal(low), high=sql.Literal(high))
    if isinstance(key, TextKey):
        # In bytes: a column's own collation may ignore case, or know no patterns at all. Base 36
        # sorts as it counts, and digits beyond the largest number come from somebody else.
        return sql.SQL(
            '(starts_with({c}::text, {prefix}) AND {c}::text COLLATE "C" ~ {pattern} AND '
            'right({c}::text, {digits}) COLLATE "C" <= {largest})'
        ).format(
            c=column,
            prefix=sql.Literal(key.prefix),
            pattern=sql.Literal(f"^{key.prefix}[0-9a-z]{{{key.digits}}}$"),
            digits=sql.Literal(key.digits),
            largest=sql.Literal(key.largest[-key.digits :]),
        )
    raise NotImplementedError(f"no ownership rule for {type(key).__name__}")


def carried_as_text(column: sql.Composable, key: Key) -> sql.Composed:
    """The same where the column holds the key as text, or in its own type."""
    if isinstance(key, UuidKey):
        return sql.SQL('{}::text COLLATE "C" ~ {}').format(
            column, sql.Literal(f"^{str(key.bounds[0])[:-UUID_DIGITS]}[0-9]{{{UUID_DIGITS}}}$")
        )
    return carried(column, key)


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
