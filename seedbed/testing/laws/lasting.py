"""Lasting: laws 9 and 10, of the application afterwards and of crashes."""

from __future__ import annotations

import multiprocessing
import random
import signal
import time
from typing import Any

import psycopg
import pytest
from psycopg import sql

from seedbed.engine.order import ordered
from seedbed.postgres import read
from seedbed.postgres.connection.errors import LeaseLost
from seedbed.run.counted import digests
from seedbed.steps.fill import fill
from seedbed.testing.cluster import Connection, eventually
from seedbed.testing.contents import (
    identifier,
    ours,
    sequences,
)
from seedbed.testing.laws.law import Law, New
from seedbed.testing.laws.triggers import enabled, watch
from seedbed.testing.strangers import insert_as_the_application
from seedbed.testing.worlds import World, fill_all, seed_in_child, silent

CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(["seedbed.testing.worlds"])  # else every child imports anew

PATIENT = {"limits": {"busy": 60}}
"""A killed run's statement goes on for up to two seconds, and its lock with it."""


class ApplicationGoesOn(Law):
    """Law 9: after a seed the application's own next insert works."""

    def test_9_after_a_seed_the_application_goes_on(self, world: World) -> None:
        draw = random.Random(9)
        with world.superuser() as person:
            for table in world.dataset.tables:
                watch(person, table, "INSERT")
            triggers, before = enabled(person), sequences(person)
            with world.opened() as work:
                fill_all(work)
                assert locked(person) == []
                digests(work, frozenset(world.dataset.tables))
                assert locked(person) == []
            assert enabled(person) == triggers
            assert sequences(person) == before
            assert gone(person)
            for table in world.dataset.tables:
                name = identifier(table).as_string(person)
                query = "SELECT reltuples::int8 FROM pg_class WHERE oid = %s::regclass"
                [(analysed,)] = person.execute(query, (name,)).fetchall()
                assert analysed == count(person, table), table
            for table in world.dataset.tables:
                held = count(person, table)
                insert_as_the_application(person, world.dataset, table, draw)
                assert count(person, table) >= held, table
            assert count(person, "watched") >= sum(map(len, ours(person, world.dataset).values()))


class Crash(Law):
    """Law 10: killed anywhere, the next run ends as an undisturbed one."""

    @pytest.mark.parametrize("seed", range(3))
    def test_10_killed_twice_at_random_the_next_run_ends_as_an_undisturbed_one(
        self, seeded: World, fresh: New, seed: int
    ) -> None:
        draw = random.Random(seed)
        world = fresh(seeded.dataset)
        world.profile(chunk_rows=7, **PATIENT)
        steps = len(world.dataset.entities)
        if steps > 2:  # killed before the last step, so that no step has to wait for it
            after, linger, moment = sorted(draw.sample(range(steps - 1), 2)), 0.02, 0.03
        else:
            after, linger, moment = [0, steps - 1], 1.0, 0.5
        with world.superuser() as person:
            for least in after:
                child = CHILDREN.Process(
                    target=seed_in_child,
                    args=(world.dataset.name, world.address, world.profiles, linger),
                )
                child.start()
                assert eventually(lambda: steps_recorded(person) >= least, 30)  # noqa: B023 # called now
                time.sleep(draw.uniform(0, moment))
                child.kill()
                child.join()
                assert child.exitcode == -signal.SIGKILL
            assert ours(person, world.dataset) != ours_of(seeded)
        world.profile(**PATIENT)
        world.seed()
        assert world.digests() == seeded.digests()

    @pytest.mark.parametrize("whose", ["the lock's", "the step's", "all"])
    def test_10_after_the_server_ended_our_sessions_the_next_run_ends_the_same(
        self, seeded: World, fresh: New, whose: str
    ) -> None:
        world = fresh(seeded.dataset)
        world.profile(chunk_rows=7, **PATIENT)
        steps = ordered(world.dataset.entities)
        with seeded.superuser() as person:  # no session is cut in a step that sends nothing
            filled = [place for place, one in enumerate(steps) if read.count(person, one)]
        followed = [place for place in filled if place < len(steps) - 1]
        if not followed:
            self.proves_little("no step with rows is followed by another")
        half = len(steps) // 2
        middle = min((place for place in followed if place >= half), default=followed[-1])
        condition = {
            "the lock's": "pid = %(lease)s",
            "the step's": "pid <> %(lease)s",
            "all": "true",
        }
        query = sql.SQL("""
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE application_name LIKE 'seedbed:%%' AND datname = current_database()
              AND {}
        """)
        end = query.format(sql.SQL(condition[whose]))
        with world.superuser() as person:

            def cut(sent: int) -> None:
                person.execute(end, {"lease": work.database.lease})

            with (
                pytest.raises((psycopg.OperationalError, LeaseLost)),
                world.opened() as work,
            ):
                for place, entity in enumerate(steps):
                    fill(work, entity, cut if place == middle else silent)
            assert ours(person, world.dataset) != ours_of(seeded)
        world.seed()
        assert world.digests() == seeded.digests()


def count(person: Connection, table: str) -> int:
    """How many rows the table holds, whoever wrote them."""
    query = sql.SQL("SELECT count(*) FROM {}").format(identifier(table))
    return int(person.execute(query).fetchall()[0][0])


def locked(person: Connection) -> list[Any]:
    """The tables that a session of ours has locked."""
    query = """
        SELECT relation::regclass::text, mode FROM pg_locks JOIN pg_stat_activity a USING (pid)
        WHERE a.application_name LIKE 'seedbed:%' AND locktype = 'relation'
          AND a.datname = current_database()
    """
    return person.execute(query).fetchall()


def gone(person: Connection) -> bool:
    """Whether no session of ours is left; the server needs a moment to see one go."""
    query = """
        SELECT FROM pg_stat_activity
        WHERE application_name LIKE 'seedbed:%' AND datname = current_database()
    """
    return eventually(lambda: person.execute(query).rowcount == 0)


def steps_recorded(person: Connection) -> int:
    """How many steps have been committed in this database."""
    [(there,)] = person.execute("SELECT to_regclass('seedbed.runs') IS NOT NULL").fetchall()
    if not there:
        return 0
    return int(person.execute("SELECT count(*) FROM seedbed.runs").fetchall()[0][0])


def ours_of(world: World) -> Any:
    """The rows of the dataset in another world."""
    with world.superuser() as person:
        return ours(person, world.dataset)
