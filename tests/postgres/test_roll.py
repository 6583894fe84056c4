"""Windows roll: the newest day comes, the oldest goes, and nothing else is touched."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from seedbed.declare.entity import Entity
from seedbed.engine.order import ordered
from seedbed.engine.report import StepReport
from seedbed.engine.run import Run
from seedbed.engine.target import chunks
from seedbed.postgres.catalogue import catalogue_of
from seedbed.postgres.snapshot import Snapshot
from seedbed.run.counted import checked
from seedbed.steps.fill import fill
from seedbed.testing.arrows import keys
from seedbed.testing.contents import qualified, versions
from seedbed.testing.worlds import AS_OF, World, silent


def windows(world: World) -> tuple[Entity, ...]:
    """The entities that roll."""
    found = ordered(one for one in world.dataset.entities if one.windowed)
    if not found:
        pytest.skip(f"{world.dataset.name} has no window")
    return found


def target(entity: Entity, run: Run, world: World) -> set[Any]:
    """The keys that the declaration wants."""
    with world.superuser() as person:
        at = run.reading(Snapshot(person, world.dataset, catalogue_of(person, world.dataset)))
        wanted = chunks(entity, at, 50_000)
        return {key for rows in wanted for key in entity.key.values(rows.number)}


def roll(world: World, days: int) -> tuple[Run, dict[str, StepReport]]:
    """A refresh that many days after the seed."""
    with world.opened("refresh", as_of=AS_OF + timedelta(days=days)) as work:
        return work.run, {one.name: fill(work, one, silent) for one in windows(world)}


def test_the_next_day_comes_and_the_oldest_goes_series_by_series(seeded: World) -> None:
    rolling = windows(seeded)
    tables = {one.table for one in rolling}
    with seeded.opened("verify") as work:
        old = {one.name: target(one, work.run, seeded) for one in rolling}
    with seeded.superuser() as person:
        before = versions(person)
        run, reports = roll(seeded, 1)
        after = versions(person)
        held = {table: set(keys(person, seeded.dataset, table)) for table in tables}
    new = {one.name: target(one, run, seeded) for one in rolling}
    for one in rolling:
        report = reports[one.name]
        assert report.added == len(new[one.name] - old[one.name]) > 0, one.name
        assert report.removed == len(old[one.name] - new[one.name]) == report.added, one.name
    others = [one for one in seeded.dataset.entities if one.table in tables and not one.windowed]
    for table in tables:
        wanted = [new[one.name] for one in rolling if one.table == table]
        wanted += [target(one, run, seeded) for one in others if one.table == table]
        assert held[table] == set().union(*wanted), table
        gone = before[qualified(table)] - after[qualified(table)]
        removed = sum(reports[one.name].removed for one in rolling if one.table == table)
        assert len(gone) == removed, f"{table}: rows that stay are not written again"
    untouched = before.keys() - {qualified(table) for table in tables} - {"seedbed.runs"}
    assert [name for name in untouched if before[name] != after[name]] == []


def test_the_rows_keep_the_day_that_they_were_first_made_for(seeded: World) -> None:
    windows(seeded)
    tomorrow = AS_OF + timedelta(days=1)
    with seeded.superuser() as person:
        run, _ = roll(seeded, 1)
        assert (run.anchor, run.as_of) == (AS_OF, tomorrow)
        before = versions(person)
        assert {one.added for one in seeded.seed(as_of=tomorrow).values()} == {0}
        assert versions(person) == before
    with seeded.opened("verify", as_of=tomorrow) as work:
        assert [one for one in checked(work) if not one.passed] == []


def test_day_by_day_or_all_at_once_the_digests_are_equal(seeded: World, cluster: Any) -> None:
    windows(seeded)
    copied = cluster.create(seeded.address.database)
    at_once = World(seeded.dataset, copied, copied, seeded.profiles)
    at_once.mark()
    for days in (1, 2, 3):
        roll(seeded, days)
    roll(at_once, 3)
    third = AS_OF + timedelta(days=3)
    assert seeded.digests(as_of=third) == at_once.digests(as_of=third)
    cluster.drop(copied)


def test_after_a_gap_longer_than_the_window_every_day_is_new(seeded: World) -> None:
    windows(seeded)
    run, reports = roll(seeded, 400)
    with seeded.superuser() as person:
        for table in {one.table for one in windows(seeded)}:
            wanted = [
                target(one, run, seeded) for one in seeded.dataset.entities if one.table == table
            ]
            assert set(keys(person, seeded.dataset, table)) == set().union(*wanted)
    assert {one.present for one in reports.values()} == {0}
