"""Same: laws 1 to 4, of which rows there are, and that they come back identical."""

from __future__ import annotations

import random
from typing import Any

import pytest

from seedbed.declare.entity import Dataset, Entity
from seedbed.declare.reads import Step
from seedbed.declare.update import Update
from seedbed.engine.order import ordered
from seedbed.run.counted import checked, digests, drifted
from seedbed.run.remove import preview
from seedbed.run.standing import survey
from seedbed.testing.arrows import (
    delete_closed,
    dependents,
    given,
    keys,
    some_rows,
)
from seedbed.testing.cluster import Connection
from seedbed.testing.contents import (
    contents,
    files,
    ours,
    qualified,
    versions,
)
from seedbed.testing.laws.law import Law, New
from seedbed.testing.worlds import World, fill_all


class Idempotence(Law):
    """Law 1: a second run adds nothing and writes nothing."""

    def test_1_a_second_run_adds_no_row_and_writes_nothing(self, seeded: World) -> None:
        with seeded.superuser() as person:
            before, outside = versions(person), files(seeded.address)
            with seeded.opened() as work:
                reports = fill_all(work)
                digests(work, frozenset())
            assert versions(person) == before
            assert files(seeded.address) == outside
        assert {one.added for one in reports.values()} == {0}
        assert {one.removed for one in reports.values()} == {0}
        assert {one.updated for one in reports.values()} == {0}
        assert all(one.present == one.target for one in reports.values())

    def test_1_plan_verify_and_a_dry_reset_write_nothing(self, seeded: World) -> None:
        with seeded.superuser() as person:
            before = versions(person)
            with seeded.opened("plan") as work:
                plan = survey(work, ordered(work.dataset.entities))
            with seeded.opened("verify") as work:
                assert [one for one in checked(work) if not one.passed] == []
                assert drifted(work) == ()
            with seeded.opened("reset") as work:
                would = preview(work)
            assert versions(person) == before
            rows = {table: len(found) for table, found in ours(person, seeded.dataset).items()}
        assert plan.gap == 0
        assert would == plan.removal
        assert (would.tables, would.pins) == (rows, ())


class Convergence(Law):
    """Law 2: what was deleted comes back, byte for byte."""

    @pytest.mark.parametrize("seed", range(4))
    def test_2_any_subset_that_was_deleted_comes_back_identical(
        self, seeded: World, seed: int
    ) -> None:
        draw = random.Random(seed)
        share = (0.02, 0.3, 0.7, 1.0)[seed]
        with seeded.superuser() as person:
            before = contents(person)
            doomed = some_rows(person, seeded.dataset, share, draw)
            check_that_they_come_back(seeded, person, doomed)
            assert contents(person) == before

    def test_2_every_table_comes_back_with_all_that_depends_on_it(self, seeded: World) -> None:
        with seeded.superuser() as person:
            before, proof = contents(person), seeded.digests()
            for together in apart(seeded.dataset):
                start = {table: set(keys(person, seeded.dataset, table)) for table in together}
                doomed = dependents(person, seeded.dataset, start)
                check_that_they_come_back(seeded, person, doomed)
                assert contents(person) == before, together
        assert seeded.digests() == proof


def apart(dataset: Dataset) -> list[list[str]]:
    """The tables in groups of which none is made from another one's rows, in any steps.

    Each comes back then as if it had been deleted alone: what it is made from is there.
    """
    above: dict[Step, set[str]] = {}
    made_from: dict[str, set[str]] = {table: set() for table in dataset.tables}
    for step in ordered(dataset.steps):
        above[step] = set().union(*(above[up] | {up.table} for up in step.above))
        if isinstance(step, Entity | Update):
            made_from[step.table] |= above[step]
    groups: list[list[str]] = []
    for table in dataset.tables:
        for group in groups:
            if not any(table in made_from[held] or held in made_from[table] for held in group):
                group.append(table)
                break
        else:
            groups.append([table])
    return groups


class Determinism(Law):
    """Law 3: the same seed makes the same rows, in any chunks, threads and order."""

    @pytest.mark.parametrize(
        ("chunk_rows", "threads", "order"),
        [(7, 1, 1), (7, 4, 2), (50_000, 1, 3), (50_000, 4, 4), (1_000, 3, 5)],
    )
    def test_3_the_digests_are_equal_in_any_chunks_threads_and_order(
        self, seeded: World, fresh: New, chunk_rows: int, threads: int, order: int
    ) -> None:
        expected = seeded.digests()
        other = fresh(seeded.dataset)
        other.profile(chunk_rows=chunk_rows, workers=threads)
        with other.opened() as work:
            fill_all(work, threads=threads, order=order)
            assert digests(work, frozenset()) == expected

    def test_3_another_seed_makes_other_rows(self, seeded: World, fresh: New) -> None:
        expected = seeded.digests()
        other = fresh(seeded.dataset)
        other.seed(seed=43)
        if other.digests(seed=43) == expected:
            self.proves_little("no value follows the seed")


class Stability(Law):
    """Law 4: a larger scale contains the rows of the smaller one."""

    def test_4_a_larger_scale_contains_the_rows_of_the_smaller_one(
        self, seeded: World, fresh: New
    ) -> None:
        larger = fresh(seeded.dataset)
        larger.seed(scale=2)
        with seeded.superuser() as small, larger.superuser() as large:
            less, more = ours(small, seeded.dataset), ours(large, seeded.dataset)
        assert {
            table: rows - more[table] for table, rows in less.items() if rows - more[table]
        } == {}
        if sum(map(len, more.values())) <= sum(map(len, less.values())):
            self.proves_little("no count follows the scale")

    def test_4_growing_in_place_only_adds_rows(self, seeded: World, fresh: New) -> None:
        tables = seeded.dataset.tables
        with seeded.superuser() as person:
            before = ours(person, seeded.dataset)
            held = {table: set(keys(person, seeded.dataset, table)) for table in tables}
            reports = seeded.seed(scale=2)
            after = ours(person, seeded.dataset)
            new = {
                table: set(keys(person, seeded.dataset, table)) - held[table] for table in tables
            }
            added = sum(one.added for one in reports.values() if one.table in tables)
            assert added + given(person, seeded.dataset, new) == sum(map(len, new.values()))
        grown = seeded.digests(scale=2)
        at_once = fresh(seeded.dataset)
        at_once.seed(scale=2)
        assert grown == at_once.digests(scale=2)
        assert all(before[table] <= rows for table, rows in after.items())


def check_that_they_come_back(
    seeded: World, person: Connection, doomed: dict[str, set[Any]]
) -> None:
    """Delete the rows, seed, and compare what the run says with what it found missing."""
    gone = {table: doomed.get(qualified(table), set()) for table in seeded.dataset.tables}
    before = contents(person)
    delete_closed(person, seeded.dataset, doomed)
    assert (contents(person) != before) == any(gone.values())
    reports = seeded.seed()
    added = sum(one.added for one in reports.values() if one.table in gone)
    assert added + given(person, seeded.dataset, gone) == sum(map(len, gone.values()))
