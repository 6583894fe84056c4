"""Triggers and constraints that an application might have, and that no declaration knows of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import sql

from seedbed.declare.entity import Entity
from seedbed.testing.cluster import Connection
from seedbed.testing.contents import identifier


def watch(person: Connection, table: str, change: str) -> None:
    """A trigger of the application that has to see every row which comes or goes."""
    person.execute("CREATE TABLE IF NOT EXISTS watched (row_of text)")
    person.execute("""
        CREATE OR REPLACE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN INSERT INTO watched VALUES (TG_TABLE_NAME); RETURN NULL; END'
    """)
    create = "CREATE TRIGGER watches AFTER {} ON {} FOR EACH ROW EXECUTE FUNCTION watch()"
    person.execute(sql.SQL(create).format(sql.SQL(change), identifier(table)))


def enabled(person: Connection) -> list[Any]:
    """Every trigger, those behind foreign keys too, with its state."""
    return person.execute("SELECT oid, tgenabled FROM pg_trigger ORDER BY oid").fetchall()


@contextmanager
def dropping(person: Connection, entity: Entity, key: object) -> Iterator[None]:
    """A trigger of the application that silently drops one row."""
    table, condition = identifier(entity.table), _is(entity, "NEW", key)
    person.execute("""
        CREATE FUNCTION drop_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'
    """)
    person.execute(
        sql.SQL(
            "CREATE TRIGGER drops BEFORE INSERT ON {} FOR EACH ROW WHEN ({}) "
            "EXECUTE FUNCTION drop_row()"
        ).format(table, condition)
    )
    yield
    person.execute("DROP FUNCTION drop_row CASCADE")


@contextmanager
def refusing(person: Connection, entity: Entity, key: object) -> Iterator[None]:
    """A constraint that the application has and the declaration does not know."""
    table = identifier(entity.table)
    column = sql.Identifier(entity.key.column)
    add = sql.SQL("ALTER TABLE {} ADD CONSTRAINT not_this_one CHECK ({} <> {})")
    person.execute(add.format(table, column, sql.Literal(key)))
    yield
    person.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT not_this_one").format(table))


def _is(entity: Entity, alias: str, key: object) -> sql.Composed:
    column = sql.SQL(f"{alias}.{{}}").format(sql.Identifier(entity.key.column))
    return sql.SQL("{} = {}").format(column, sql.Literal(key))
