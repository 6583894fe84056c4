"""Others: laws 5 and 6, of what people changed, and what is not ours."""

from __future__ import annotations

import random

import pytest

from seedbed.declare.counts import Requirement
from seedbed.postgres.errors import Blocked, Fenced
from seedbed.run.counted import drifted
from seedbed.run.remove import remove
from seedbed.testing.arrows import (
    arrows,
    keys,
    needed_by_others,
    staying,
)
from seedbed.testing.contents import (
    files,
    others,
    ours,
    qualified,
    versions,
)
from seedbed.testing.edits import edit
from seedbed.testing.laws.law import Law
from seedbed.testing.laws.triggers import watch
from seedbed.testing.strangers import attach, detach
from seedbed.testing.worlds import World


class Edits(Law):
    """Law 5: what a person changed stays, and is reported as drift."""

    def test_5_edits_survive_a_run_and_are_reported_as_drift(self, seeded: World) -> None:
        draw = random.Random(5)
        with seeded.superuser() as person:
            with seeded.opened("verify") as work:
                edits = [edit(person, work, one, draw) for one in seeded.dataset.entities]
            expected = [one for one in edits if one]
            with seeded.opened("verify") as work:
                assert list(drifted(work)) == expected
            before = versions(person)
            reports = seeded.seed()
            after = versions(person)
        assert {
            table: rows - after[table] for table, rows in before.items() if rows - after[table]
        } == {}
        # An edit can make of a row one that a minimum does not count: that one is made good.
        counting = [one for one in seeded.dataset.entities if isinstance(one.count, Requirement)]
        assert [name for name, one in reports.items() if one.added and not counting] == []
        if len(expected) <= len(seeded.dataset.entities) / 2:
            self.proves_little("most entities have no column that nothing constrains")


class ExactReset(Law):
    """Law 6: a reset removes what is ours, and nothing that is not."""

    def test_6_a_reset_leaves_the_database_as_it_was_before_the_seed(self, world: World) -> None:
        with world.superuser() as person:
            before, outside = versions(person), files(world.address)
            world.seed()
            rows = {table: len(found) for table, found in ours(person, world.dataset).items()}
            with world.opened("reset") as work:
                gone = remove(work, strict=True)
            after = versions(person)
        del after["seedbed.runs"]
        assert after.pop("seedbed.claims") == set()
        assert after == before
        assert files(world.address) == outside == {}
        assert (gone.tables, gone.kept, gone.pins) == (rows, 0, ())

    def test_6_every_reference_from_a_row_of_others_blocks_a_strict_reset(
        self, seeded: World
    ) -> None:
        draw = random.Random(6)
        with seeded.superuser() as person, seeded.opened("reset") as work:
            met = 0
            for tie in arrows(person, seeded.dataset):
                stranger = attach(person, seeded.dataset, tie, draw)
                if stranger is None:
                    continue
                before = versions(person)
                with pytest.raises(Blocked) as caught:
                    remove(work, strict=True)
                said = str(caught.value).replace("public.", "")
                columns = ", ".join(tie.columns)
                child, parent = (name.removeprefix("public.") for name in (tie.child, tie.parent))
                assert f"1 of {parent}, needed by {child}.{columns} ({stranger.needs})" in said
                assert caught.value.exit_code == 3
                assert versions(person) == before, tie
                detach(person, stranger)
                met += 1
        if met < len(seeded.dataset.tables) / 2:
            self.proves_little("no row of others can point at most of the tables")

    def test_6_a_reset_keeps_what_rows_of_others_need_and_removes_the_rest(
        self, seeded: World
    ) -> None:
        draw = random.Random(7)
        with seeded.superuser() as person:
            for tie in arrows(person, seeded.dataset):
                attach(person, seeded.dataset, tie, draw)
            kept = staying(person, seeded.dataset, needed_by_others(person, seeded.dataset))
            before = others(person, seeded.dataset)
            with seeded.opened("reset") as work:
                gone = remove(work, strict=False)
            assert others(person, seeded.dataset) == before
            for table in seeded.dataset.tables:
                held = set(keys(person, seeded.dataset, table))
                assert held == kept.get(qualified(table), set()), table
        assert gone.kept == sum(map(len, kept.values()))
        assert {qualified(one.table) for one in gone.pins} == {name for name in kept if kept[name]}
        if not gone.kept:
            self.proves_little("no row of others can point at any of the tables")

    def test_6_a_reset_that_would_change_more_than_planned_is_undone(self, seeded: World) -> None:
        with seeded.superuser() as person, seeded.opened("reset") as work:
            for table in seeded.dataset.tables:
                if not keys(person, seeded.dataset, table):
                    continue  # nothing is deleted there
                watch(person, table, "DELETE")
                before = versions(person)
                with pytest.raises(Fenced) as caught:
                    remove(work, strict=True)
                assert "public.watched: 0 deleted instead of 0, 0 updated, " in str(caught.value)
                assert versions(person) == before, table
                person.execute("DROP TABLE watched; DROP FUNCTION watch CASCADE")
