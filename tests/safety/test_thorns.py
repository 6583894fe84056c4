"""A schema with everything that hurts, seeded, kept up to date and reset."""

from __future__ import annotations

from collections.abc import Callable

from tasks.engine.entity import Dataset
from tasks.prove import digests, drifted
from tasks.remove import preview, remove
from tests.postgres.worlds import World, contents, fill_all, others, ours, versions
from tests.safety.thorns import thorns

New = Callable[[Dataset], World]


def test_a_schema_that_hurts_is_seeded_once_and_reset_to_what_it_was(fresh: New) -> None:
    world = fresh(thorns)
    with world.superuser() as person:
        before = contents(person)
        world.seed()
        rows = {table: len(found) for table, found in ours(person, thorns).items()}
        assert rows == {
            "yard.sheds": 6,
            "matches": 18,
            "seats": 36,
            "profiles": 36,
            "players": 36,
            "teams": 3,
        }
        seeded = versions(person)
        with world.opened() as work:
            reports = fill_all(work)
            digests(work, frozenset())
            assert drifted(work) == ()
        assert {one.added + one.updated for one in reports.values()} == {0}
        assert versions(person) == seeded
        with world.opened("reset") as work:
            would = preview(work)
            gone = remove(work, strict=True)
        assert (gone.tables, would.tables, gone.pins) == (rows, rows, ())
        after = contents(person)
        assert len(after.pop("public.audit")) == len(before.pop("public.audit")) + 3
        assert after == before
        assert others(person, thorns) == contents(person)
