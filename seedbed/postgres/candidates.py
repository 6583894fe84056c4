"""Candidates: the rows of one table that are to go, and how a statement tells them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from psycopg import sql

from seedbed.declare.entity import Dataset, Entity
from seedbed.declare.keys import Key
from seedbed.declare.values import Integers
from seedbed.postgres.ownership import by_table, carried, carried_as_text


@dataclass(frozen=True)
class Candidates:
    """Rows of one table that are to go: all that keys of ours mark, or those with `keys`.

    `key` is the column with the key. Rows that a trigger made for ours (`copied`) have the key of
    ours in it, perhaps as text.
    """

    table: str
    key: str
    schemes: tuple[Key, ...]
    keys: tuple[Any, ...] | None = None
    copied: bool = False

    def on(self, alias: str) -> sql.Composed:
        """The condition on rows of `alias`; NULL for a key that is NULL."""
        return self.owned(alias) if self.keys is None else self.among(alias, self.keys)

    def owned(self, alias: str) -> sql.Composed:
        """The condition on rows of `alias` that are ours, whether they are to go or not."""
        column = sql.Identifier(alias, self.key)
        told = carried_as_text if self.copied else carried
        return sql.SQL("({})").format(
            sql.SQL(" OR ").join(told(column, scheme) for scheme in self.schemes)
        )

    def among(self, alias: str, keys: Iterable[Any]) -> sql.Composed:
        """True for the rows of `alias` with one of the keys."""
        column = sql.Identifier(alias, self.key)
        if self.copied:
            return sql.SQL("{}::text = ANY({})").format(column, sql.Literal(list(map(str, keys))))
        return sql.SQL("{} = ANY({})").format(column, sql.Literal(list(keys)))

    def value(self, alias: str) -> sql.Composable:
        """The key of a row of `alias`, as it is compared with others."""
        column = sql.Identifier(alias, self.key)
        return sql.SQL("{}::text").format(column) if self.copied else column


def everything(dataset: Dataset) -> tuple[Candidates, ...]:
    """All rows that the dataset owns, table by table, upstream first; then what triggers made."""
    owned = [_of(table, entities) for table, entities in by_table(dataset).items()]
    return (*owned, *_followers(dataset, owned))


def some(dataset: Dataset, chosen: Iterable[tuple[Entity, Integers]]) -> tuple[Candidates, ...]:
    """Rows of entities by their numbers, table by table; then what triggers made for them."""
    keys: dict[str, list[Any]] = {}
    for entity, numbers in chosen:
        keys.setdefault(entity.table, []).extend(entity.key.values(numbers))
    owned = [
        replace(_of(table, entities), keys=tuple(keys[table]))
        for table, entities in by_table(dataset).items()
        if keys.get(table)
    ]
    return (*owned, *_followers(dataset, owned))


def mine(dataset: Dataset) -> dict[str, sql.Composed]:
    """The condition on rows of alias `own` that are ours, by table."""
    return {one.table: one.owned("own") for one in everything(dataset)}


def _of(table: str, entities: tuple[Entity, ...]) -> Candidates:
    return Candidates(table, entities[0].key.column, tuple(one.key for one in entities))


def _followers(dataset: Dataset, owned: Iterable[Candidates]) -> tuple[Candidates, ...]:
    above = {one.table: one for one in owned}
    return tuple(
        replace(above[made.of], table=made.table, key=made.column, copied=True)
        for made in dataset.made_by_triggers
        if made.of in above
    )
