"""A requirement counts rows of any origin and fills the lowest free positions."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import psycopg
import pytest

from seedbed import (
    Columns,
    Dataset,
    Rows,
    Table,
    at_least,
    entity,
    exactly,
    text,
    text_key,
    uuid_key,
)
from seedbed.declare.entity import Entity
from seedbed.engine.run import Run
from seedbed.engine.target import chunks, count
from seedbed.postgres import read, reflect
from seedbed.postgres.catalogue import catalogue_of
from seedbed.postgres.copy import load
from seedbed.postgres.snapshot import Snapshot

DAY = date(2026, 11, 21)
RUN = Run("shelter", 42, DAY, DAY, 1)

SCHEMA = """
    CREATE TABLE people (id uuid PRIMARY KEY, name text NOT NULL);
    CREATE TABLE posts (id uuid PRIMARY KEY, person_id uuid NOT NULL REFERENCES people,
                        title text NOT NULL);
"""


@entity(table="people", key=uuid_key("0001-0001"), count=exactly(3))
def people(rows: Rows) -> Columns:
    """Three people."""
    return {"name": text(rows.position + 1, prefix="person ")}


@entity(
    table="posts", key=uuid_key("0001-0002", fan=10), per=people, count=at_least(3, of="person_id")
)
def posts(rows: Rows) -> Columns:
    """Three posts a person, at least."""
    title = text(rows.parent.position + 1, prefix="post of ")
    return {"person_id": rows.parent.key, "title": title}


shelter = Dataset("shelter", Path(), (people, posts))


@pytest.fixture
def house(
    connection: psycopg.Connection[tuple[object, ...]],
) -> psycopg.Connection[tuple[object, ...]]:
    """The three people, and two posts that the second of them wrote."""
    connection.execute(SCHEMA)
    add(connection, people)
    connection.execute(
        "INSERT INTO posts SELECT gen_random_uuid(), '00000000-5eed-0001-0001-000000000002', 'mine'"
        " FROM generate_series(1, 2)"
    )
    return connection


def add(connection: psycopg.Connection[tuple[object, ...]], what: Entity) -> int:
    held = catalogue_of(connection, shelter)
    columns = reflect.fit(
        held, what, RUN.reading(Snapshot(connection, shelter, held, empty=True))
    ).columns
    gap = read.Gap(connection, what, RUN.reading(Snapshot(connection, shelter, held)), 2)
    return load.copy(connection, what, columns, gap, ahead=not gap.reads)


def ours(connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    rows = connection.execute(
        "SELECT right(id::text, 2) FROM posts WHERE id::text LIKE '%-5eed-0001-0002-%' ORDER BY id"
    )
    return [str(row[0]) for row in rows]


def test_real_rows_count_and_only_what_is_missing_is_added(
    house: psycopg.Connection[tuple[object, ...]],
) -> None:
    assert add(house, posts) == 7
    assert ours(house) == ["01", "02", "03", "11", "21", "22", "23"]
    assert add(house, posts) == 0


def test_a_deleted_row_comes_back_at_its_own_position(
    house: psycopg.Connection[tuple[object, ...]],
) -> None:
    add(house, posts)
    house.execute("DELETE FROM posts WHERE right(id::text, 2) IN ('02', '23')")
    assert add(house, posts) == 2
    assert ours(house) == ["01", "02", "03", "11", "21", "22", "23"]


def test_more_than_the_minimum_adds_nothing(
    house: psycopg.Connection[tuple[object, ...]],
) -> None:
    house.execute(
        "INSERT INTO posts SELECT gen_random_uuid(), p.id, 'mine'"
        " FROM people p, generate_series(1, 5)"
    )
    assert add(house, posts) == 0


@entity(table="kennels", key=text_key("k", column="code"), count=exactly(3))
def kennels(rows: Rows) -> Columns:
    """Three kennels, which the database numbers."""
    return {"name": text(rows.position + 1, prefix="kennel ")}


KENNELS = Table("numbered kennels", "kennels", ("name", "opened"), after=(kennels,))


@entity(table="dogs", key=text_key("d"), per=KENNELS, count=exactly(2))
def dogs(rows: Rows) -> Columns:
    """Two dogs a kennel."""
    return {"kennel_id": rows.parent.key}


@pytest.mark.parametrize("numbered", ["serial", "uuid DEFAULT gen_random_uuid()"])
def test_a_plan_counts_what_hangs_on_rows_whose_keys_the_database_makes(
    connection: psycopg.Connection[tuple[object, ...]], numbered: str
) -> None:
    connection.execute(
        f"CREATE TABLE kennels (id {numbered} PRIMARY KEY, code text UNIQUE NOT NULL, "
        "name text NOT NULL, opened timestamptz NOT NULL DEFAULT now());"
        "CREATE TABLE dogs (id text PRIMARY KEY, kennel_id text NOT NULL)".encode()
    )
    pound = Dataset("pound", Path(), (kennels, dogs))
    snapshot = Snapshot(connection, pound, catalogue_of(connection, pound))
    run = Run("pound", 42, DAY, DAY, 1, read=snapshot)
    assert count(dogs, run) == 0
    for rows in chunks(kennels, run, 2):
        snapshot.add(rows)
    assert count(dogs, run.reading(snapshot)) == 6
