"""A declared reference keeps what it points at, element by element where its column is an array."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

import psycopg
import pytest

from seedbed import Columns, Rows, entity, exactly, text, text_key
from seedbed.declare.entity import Dataset
from seedbed.engine.plan import Pin, Removal
from seedbed.engine.run import Run
from seedbed.postgres import delete, read, reflect
from seedbed.postgres.candidates import everything, mine
from seedbed.postgres.catalogue import catalogue_of
from seedbed.postgres.copy import load
from seedbed.postgres.errors import Blocked, Fenced
from seedbed.postgres.fence import Fence
from seedbed.testing.cluster import Connection

DAY = date(2026, 11, 21)

SCHEMA = """
    CREATE TABLE people (id text PRIMARY KEY, name text NOT NULL);
    CREATE TABLE talks (id text PRIMARY KEY, members text[]);
"""


@entity(table="people", key=text_key("pp", fan=10), count=exactly(3))
def people(rows: Rows) -> Columns:
    """Three people."""
    return {"name": text(rows.position, prefix="person ")}


@entity(table="talks", key=text_key("tk", fan=10), per=people, references={"members": people})
def talks(rows: Rows) -> Columns:
    """Everybody talks to themselves."""
    return {"members": [[key] for key in rows.parent.key.astype(str)]}


town = Dataset("town", Path(), (people, talks))
FIRST, SECOND, THIRD = (f"c5eedpp{number:018d}" for number in (1, 2, 3))


@pytest.fixture
def square(connection: Connection) -> Iterator[Connection]:
    """The three people with their talks."""
    connection.execute(SCHEMA)
    run = Run("town", 42, DAY, DAY, 1)
    for one in town.entities:
        columns = reflect.fit(catalogue_of(connection, town), one, run).columns
        load.copy(connection, one, columns, read.Gap(connection, one, run, 3), ahead=False)
    connection.commit()  # a removal looks at the locks of its transaction
    yield connection


@pytest.fixture
def another(connection: Connection) -> Callable[[], AbstractContextManager[Connection]]:
    """Opens a second session beside the first."""
    return lambda: psycopg.connect(connection.info.dsn, password=connection.info.password)


Remove = Callable[..., Removal]


@pytest.fixture
def remove(square: Connection, another: Callable[[], AbstractContextManager[Connection]]) -> Remove:
    """Removes all rows of ours in the town, with a fence around it."""

    def removed(*, strict: bool, grows: Collection[str] = ()) -> Removal:
        fence = Fence(square, mine(town), another, grows=grows)
        gone = delete.remove(fence, town, everything(town), strict=strict)
        fence.settle()
        fence.look()
        return gone

    return removed


def talk(connection: Connection, key: str, *members: str | None) -> None:
    connection.execute("INSERT INTO talks VALUES (%s, %s)", (key, list(members)))


def test_talks_of_our_own_do_not_keep_anybody(square: Connection, remove: Remove) -> None:
    gone = remove(strict=True)
    assert (gone.tables, gone.pins) == ({"people": 3, "talks": 3}, ())


def test_every_element_of_an_array_keeps_the_row_that_it_names(
    square: Connection, remove: Remove
) -> None:
    talk(square, "a", "somebody real", THIRD)
    talk(square, "b", FIRST, THIRD, None)
    talk(square, "c")
    square.execute("INSERT INTO talks VALUES ('d', NULL)")
    gone = remove(strict=False)
    assert gone.pins == (Pin("people", 2, "talks", "members", (FIRST, THIRD)),)
    assert gone.tables == {"people": 1, "talks": 3}
    assert [row[0] for row in square.execute("SELECT id FROM people ORDER BY 1")] == [FIRST, THIRD]
    assert [row[0] for row in square.execute("SELECT id FROM talks ORDER BY 1")] == list("abcd")


AUDIT = """
    CREATE TABLE audit_log (what text);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO audit_log VALUES (old.id); RETURN old; END $$;
    CREATE TRIGGER note AFTER DELETE ON talks FOR EACH ROW EXECUTE FUNCTION note()
"""


def test_a_trigger_may_insert_where_the_profile_says_so(square: Connection, remove: Remove) -> None:
    square.execute(AUDIT)
    square.commit()
    said = r"public\.audit_log: 0 deleted instead of 0, 0 updated, 3 inserted.*side_effects"
    with pytest.raises(Fenced, match=said):
        remove(strict=True)
    square.rollback()
    remove(strict=True, grows=["audit_log"])
    assert square.execute("SELECT FROM audit_log").rowcount == 3
    square.rollback()
    square.execute("CREATE SCHEMA logs; ALTER TABLE audit_log SET SCHEMA logs")
    square.execute("SET search_path = logs, public")
    square.commit()
    with pytest.raises(Fenced, match=r"logs\.audit_log"):
        remove(strict=True, grows=["audit_log"])
    square.rollback()
    remove(strict=True, grows=["logs.audit_log"])


def test_nothing_of_others_may_be_updated_or_deleted(square: Connection, remove: Remove) -> None:
    square.execute(AUDIT.replace("INSERT INTO audit_log VALUES (old.id)", "DELETE FROM audit_log"))
    square.execute("INSERT INTO audit_log VALUES ('somebody')")
    square.commit()
    with pytest.raises(Fenced, match=r"public\.audit_log: 1 deleted instead of 0"):
        remove(strict=True, grows=["audit_log"])


def test_an_array_that_names_ours_blocks_a_strict_reset(square: Connection, remove: Remove) -> None:
    talk(square, "a", SECOND, "somebody real")
    said = rf"1 of people, needed by talks\.members \({SECOND}\)"
    with pytest.raises(Blocked, match=said):
        remove(strict=True)
    assert square.execute("SELECT FROM people").rowcount == 3


def test_a_row_of_ours_that_is_kept_keeps_those_in_its_array(
    square: Connection, remove: Remove
) -> None:
    square.execute("CREATE TABLE notes (talk text REFERENCES talks)")
    square.execute("INSERT INTO notes SELECT id FROM talks WHERE %s = ANY(members)", (SECOND,))
    square.commit()
    gone = remove(strict=False)
    assert [(one.table, one.rows, one.by) for one in gone.pins] == [
        ("talks", 1, "public.notes"),
        ("people", 1, "talks"),
    ]
    assert gone.kept == 2
