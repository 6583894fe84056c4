"""Other sessions in the way: deadlocks, serialization failures, held locks, waiting migrations."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql

from seedbed.declare.entity import Dataset
from seedbed.postgres.connection.errors import GaveWay
from seedbed.testing.arrows import keys
from seedbed.testing.cluster import Connection, eventually
from seedbed.testing.contents import others
from seedbed.testing.worlds import World
from tests.faults.runs import run

New = Callable[[Dataset], World]

WAITING = """
    SELECT FROM pg_locks WHERE NOT granted AND pid IN (
        SELECT pid FROM pg_stat_activity
        WHERE application_name LIKE 'seedbed:%' AND datname = current_database())
"""


@pytest.fixture
def world(fresh: New, chosen: Dataset) -> World:
    """An unseeded world."""
    return fresh(chosen)


@contextmanager
def meanwhile(act: Callable[[], object]) -> Iterator[None]:
    """Do something in another thread while the block runs; its error is the test's."""
    errors: list[BaseException] = []

    def body() -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 # raised below
            errors.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    yield
    thread.join(30)
    assert not thread.is_alive()
    if errors:
        raise errors[0]


def test_a_database_that_isolates_more_by_default_changes_nothing(
    seeded: World, fresh: New
) -> None:
    world = fresh(seeded.dataset)
    with world.superuser() as person:
        stricter = "ALTER DATABASE {} SET default_transaction_isolation = 'serializable'"
        person.execute(sql.SQL(stricter).format(sql.Identifier(world.address.database)))
    with world.opened() as work, work.database.writing() as connection:
        assert connection.execute("SHOW transaction_isolation").fetchone() == ("read committed",)
    assert run(world).done
    assert world.digests() == seeded.digests()


@pytest.mark.parametrize("sqlstate", ["40001", "40P01", "55P03"])
def test_a_step_that_lost_against_another_session_is_tried_again(
    seeded: World, fresh: New, sqlstate: str
) -> None:
    world = fresh(seeded.dataset)
    with world.superuser() as person:
        lose(person, "orders", "INSERT", sqlstate, times=2)
        end = run(world)
        assert (end.done, end.tries) == (True, 2), end
        assert world.digests() == seeded.digests()
        lose(person, "orders", "DELETE", sqlstate, times=2)
        end = run(world, "reset")
        assert (end.done, end.tries) == (True, 2), end


def test_a_step_that_loses_every_time_fails_with_the_reason(world: World) -> None:
    world.profile(retries=2)
    with world.superuser() as person:
        lose(person, "orders", "INSERT", "40001", times=10)
        end = run(world)
    assert (end.error, end.tries) == ("Passing", 2)
    assert end.said.startswith("SerializationFailure (SQLSTATE 40001)")


def lose(person: Connection, table: str, change: str, sqlstate: str, times: int) -> None:
    """Let the next statements on a table fail; a sequence counts, which no rollback undoes."""
    person.execute("DROP SEQUENCE IF EXISTS lost CASCADE")
    person.execute("CREATE SEQUENCE lost")
    person.execute(f"""
        CREATE OR REPLACE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('lost') <= {times} THEN RAISE SQLSTATE '{sqlstate}'; END IF;
            RETURN NULL; END $$
    """)
    person.execute(f"""
        CREATE OR REPLACE TRIGGER loses BEFORE {change} ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION lose()
    """)


def test_a_reset_that_runs_into_a_deadlock_gives_in_and_is_tried_again(seeded: World) -> None:
    """The person holds an order, the reset the users and waits for the order, the person goes on
    to a user."""
    with seeded.superuser() as person, seeded.superuser() as watching:
        strangers = others(watching, seeded.dataset)
        [user, *_] = keys(person, seeded.dataset, "users")
        [order, *_] = keys(person, seeded.dataset, "orders")

        def cross() -> None:
            assert eventually(lambda: watching.execute(WAITING).rowcount > 0)
            person.execute("UPDATE users SET display_name = 'x' WHERE id = %s", (user,))
            person.execute("ROLLBACK")

        person.execute("BEGIN")
        # Longer than the reset's: it is the reset that finds the deadlock and gives in.
        person.execute("SET LOCAL deadlock_timeout = '20s'")
        person.execute("UPDATE orders SET notes = 'x' WHERE id = %s", (order,))
        with meanwhile(cross):
            end = run(seeded, "reset")
        assert end.done, end
        assert end.tries >= 1
        assert others(watching, seeded.dataset) == strangers


def test_behind_a_table_that_stays_locked_a_run_ends_and_says_who_is_in_the_way(
    seeded: World, fresh: New
) -> None:
    world = fresh(seeded.dataset)
    world.profile(retries=1, limits={"lock": 1})
    with world.superuser() as migration:
        migration.execute("BEGIN")
        migration.execute("ALTER TABLE orders ADD COLUMN later int")
        started = time.monotonic()
        end = run(world)
        assert time.monotonic() - started < 15
        assert end.error in {"Passing", "LockNotAvailable", "SeedbedError"}, end  # the guard counts
        assert "SQLSTATE 55P03" in end.said
        assert "another session holds the lock" in end.said
        migration.execute("ROLLBACK")
    assert run(world).done
    assert world.digests() == seeded.digests()


# -- the watch ----------------------------------------------------------------------------------


@contextmanager
def application(world: World, statement: str) -> Iterator[list[float]]:
    """An application that does one thing again and again; how long each took."""
    waited, stop = list[float](), threading.Event()

    def in_turns() -> None:
        with world.superuser() as session:
            while not stop.wait(0.02):
                waited.append(timed(lambda: session.execute(statement.encode())))

    with meanwhile(in_turns):
        try:
            yield waited
        finally:
            stop.set()


def timed(act: Callable[[], object]) -> float:
    """How long something takes."""
    started = time.monotonic()
    act()
    return time.monotonic() - started


def migrate(world: World, statement: str, begin: threading.Event, spent: list[float]) -> None:
    """A migration that needs a table for itself for a moment; how long it took."""
    assert begin.wait(20)
    with world.superuser() as session:
        spent.append(timed(lambda: session.execute(statement.encode())))


LONG: tuple[Any, ...] = (
    ("writing", "LOCK TABLE orders IN ROW EXCLUSIVE MODE"),
    ("reading", "SELECT count(*) FROM orders"),
)


@pytest.mark.parametrize(("how", "lock"), LONG)
@pytest.mark.parametrize("busy", ["in a statement", "between statements"])
def test_a_transaction_that_a_migration_waits_for_gives_way(
    seeded: World, how: str, lock: str, busy: str
) -> None:
    spent, holds = list[float](), threading.Event()

    def hold() -> None:
        with seeded.opened() as work, getattr(work.database, how)() as connection:
            connection.execute(lock)
            holds.set()
            for _ in range(200):
                if busy == "in a statement":
                    connection.execute("SELECT pg_sleep(10)")
                time.sleep(0.05)
                connection.execute("SELECT")

    change = "ALTER TABLE orders ADD COLUMN later int"
    with (
        application(seeded, "SELECT count(*) FROM orders") as waited,
        meanwhile(lambda: migrate(seeded, change, holds, spent)),
        pytest.raises(GaveWay) as caught,
    ):
        hold()
    assert "another session waited longer than 1.5 s for a lock of this step" in str(caught.value)
    assert caught.value.passes
    assert max(waited) < 3.5
    print(f"{how}, {busy}: migration after {spent[0]:.2f} s, worst stall {max(waited):.2f} s")


def test_nobody_gives_way_to_those_who_wait_for_somebody_else_or_not_for_long(
    seeded: World,
) -> None:
    with seeded.superuser() as one, seeded.superuser() as other, seeded.opened() as work:
        one.execute("BEGIN; LOCK TABLE sellers")

        def wait() -> None:
            other.execute("LOCK TABLE sellers IN SHARE MODE")

        other.execute("BEGIN")
        with meanwhile(wait):
            with work.database.writing() as connection:
                connection.execute("LOCK TABLE orders IN ROW EXCLUSIVE MODE")
                connection.execute("SELECT pg_sleep(2.5)")
            one.execute("ROLLBACK")
        other.execute("ROLLBACK")
        one.execute("SET lock_timeout = '1s'")
        with work.database.writing() as connection:
            connection.execute("LOCK TABLE orders IN ROW EXCLUSIVE MODE")
            with pytest.raises(psycopg.errors.LockNotAvailable), one.transaction():
                one.execute("LOCK TABLE orders IN SHARE MODE")
            time.sleep(0.5)
            connection.execute("SELECT pg_sleep(0.5)")


def test_a_run_gives_way_and_goes_on_when_the_migration_has_passed(
    seeded: World, fresh: New
) -> None:
    """A first step that holds its table long enough for a migration to queue up behind it."""
    world, spent, begun = fresh(seeded.dataset), list[float](), threading.Event()
    world.profile(chunk_rows=10)

    def slowly(sent: int) -> None:
        if not begun.is_set():
            begun.set()
            time.sleep(4)

    change = "ALTER TABLE users ALTER COLUMN avatar_url TYPE varchar(600)"
    with (
        application(world, "SELECT count(*) FROM users") as waited,
        meanwhile(lambda: migrate(world, change, begun, spent)),
    ):
        end = run(world, progress=lambda: slowly)
    assert end.done, end
    assert end.tries == 1
    assert world.digests() == seeded.digests()
    print(f"migration after {spent[0]:.2f} s, worst stall {max(waited):.2f} s, {end.tries} tries")
    assert max(waited) < 4
