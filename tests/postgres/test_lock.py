"""One run at a time for a dataset in a database, and what happens when its lock breaks off."""

from __future__ import annotations

import re

import pytest

from seedbed.engine.order import ordered
from seedbed.postgres.connection.errors import LeaseLost, LockBusy
from seedbed.run.counted import digests
from seedbed.run.remove import remove
from seedbed.steps.fill import fill
from seedbed.testing.arrows import made_by_the_application
from seedbed.testing.cluster import eventually
from seedbed.testing.contents import versions
from seedbed.testing.worlds import World, silent

SOON = {"limits": {"busy": 0}}


def end_session(world: World, pid: int) -> None:
    """Break a session off, and wait until its locks are gone."""
    with world.superuser() as person:
        person.execute("SELECT pg_terminate_backend(%s)", (pid,))
        left = "SELECT FROM pg_stat_activity WHERE pid = %s"
        assert eventually(lambda: person.execute(left, (pid,)).rowcount == 0)


def test_a_second_run_is_refused_and_told_who_is_active(world: World) -> None:
    world.profile(**SOON)
    with world.opened() as first:
        with pytest.raises(LockBusy) as caught, world.opened("reset"):
            pytest.fail("two runs at once")
        said = str(caught.value)
        name = world.dataset.name
        assert said.startswith(
            f"{name}: another run is active, seedbed:{name}:{first.assignment.run[:8]} "
        )
        assert re.search(r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", said)
        assert caught.value.exit_code == 3
        fill(first, ordered(world.dataset.entities)[0], silent)
    with world.opened():
        pass


def test_a_run_waits_for_the_one_before_it(world: World) -> None:
    with world.opened() as first:
        pass
    with world.opened() as second:
        assert second.assignment.lease != first.assignment.lease


def test_runs_that_only_read_need_no_lock(seeded: World) -> None:
    seeded.profile(**SOON)
    with seeded.opened():
        assert seeded.digests()
        with seeded.opened("plan"), seeded.opened("verify"):
            pass


def test_a_run_that_lost_its_lock_writes_nothing_more(world: World) -> None:
    steps = ordered(world.dataset.entities)
    with (
        world.superuser() as person,
        pytest.raises(LeaseLost) as caught,
        world.opened() as opened,
    ):
        fill(opened, steps[0], silent)
        end_session(world, opened.database.lease)
        before = versions(person)
        with pytest.raises(LeaseLost):
            fill(opened, steps[1], silent)
        with pytest.raises(LeaseLost):
            remove(opened, strict=True)
        with pytest.raises(LeaseLost):
            digests(opened, frozenset(world.dataset.tables))
        assert versions(person) == before
        fill(opened, steps[1], silent)
    assert str(caught.value) == (
        f"{world.dataset.name}: the run's lock was lost with its connection; "
        "nothing more is written, run it again"
    )


def test_a_new_run_waits_for_the_writes_of_one_that_lost_its_lock(world: World) -> None:
    world.profile(**SOON)
    with pytest.raises(LeaseLost), world.opened() as first:
        with first.database.writing() as writing:
            writing.execute("SELECT 1")
            end_session(world, first.assignment.lease)
            with pytest.raises(
                LockBusy, match=f"seedbed:{world.dataset.name}:{first.assignment.run[:8]}"
            ):
                world.seed()
        with first.database.writing():
            pytest.fail("wrote without its lock")
    reports = world.seed()
    with world.superuser() as person:
        theirs = made_by_the_application(person, world.dataset)
    made = [reports[one.name] for one in world.dataset.entities if one.name not in theirs]
    assert all(one.added for one in made if one.target)
