"""A schema with everything that hurts, seeded, kept up to date and reset."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest

from seedbed.declare.entity import Dataset
from seedbed.postgres import circles
from seedbed.postgres.errors import CannotLook, RequiredCircle
from seedbed.postgres.guard.grants import grants
from seedbed.run.counted import digests, drifted
from seedbed.run.remove import preview, remove
from seedbed.testing.contents import contents, others, ours, versions
from seedbed.testing.worlds import World, fill_all
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


def test_a_film_of_one_partition_keeps_its_match_and_nothing_else(fresh: New) -> None:
    world = fresh(thorns)
    world.seed()
    with world.superuser() as person:
        person.execute(
            "INSERT INTO films (match_id, day) SELECT id, day FROM matches_new "
            "WHERE id::text LIKE '%5eed%' ORDER BY id LIMIT 1"
        )
        with world.opened("reset") as work:
            assert remove(work, strict=False).pins == preview(work).pins
        assert [len(rows) for rows in ours(person, thorns).values()] == [0, 1, 0, 1, 1, 1]


def test_a_circle_that_came_to_be_required_is_deleted_and_not_filled(fresh: New) -> None:
    world = fresh(thorns)
    with world.superuser() as person:
        before = others(person, thorns)
        del before["public.audit"]
        world.seed()
        circles.refuse(person, thorns)
        with world.opened("reset") as work:
            person.execute("ALTER TABLE teams ALTER captain_id SET NOT NULL")
            with pytest.raises(RequiredCircle) as caught:
                circles.refuse(person, thorns)
            assert remove(work, strict=True).tables["teams"] == 3
        after = contents(person)
        del after["public.audit"]
        assert after == before
    assert re.fullmatch(
        r"thorns: tables (players -> teams -> players|teams -> players -> teams) require rows of "
        "each other, so that none can be filled first; let one of the columns be NULL and fill it "
        "by an `update`. Nothing was written",
        str(caught.value),
    )


@pytest.fixture
def restricted(fresh: New) -> Iterator[World]:
    """A seeded database, and a role that may do what `seedbed grants` prints, and no more."""
    world, role = fresh(thorns), f"thorns_{uuid4().hex[:8]}"
    world.seed()
    with world.superuser() as owner:
        owner.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'thorny'".encode())
        owner.execute(grants(owner, thorns.tables, role, reads=thorns.reads).encode())
    yield replace(world, address=replace(world.address, user=role, password="thorny"))
    with world.superuser() as owner:
        owner.execute(f"DROP OWNED BY {role}; DROP ROLE {role}".encode())


def test_row_security_on_a_table_of_ours_stops_a_role_that_it_binds(restricted: World) -> None:
    with restricted.superuser() as owner:
        owner.execute(f"ALTER ROLE {restricted.address.user} NOBYPASSRLS".encode())
        before = versions(owner)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            restricted.seed()
        assert versions(owner) == before


def test_row_security_on_a_table_that_points_at_ours_stops_a_reset(restricted: World) -> None:
    with restricted.superuser() as owner:
        owner.execute("ALTER TABLE yard.sheds DISABLE ROW LEVEL SECURITY")
        owner.execute("ALTER TABLE visits ENABLE ROW LEVEL SECURITY")
        owner.execute("INSERT INTO visits (player_id) SELECT id FROM players")
        owner.execute(f"ALTER ROLE {restricted.address.user} NOBYPASSRLS".encode())
        before = versions(owner)
        with (
            restricted.opened("reset") as work,
            pytest.raises(CannotLook, match=r"table public\.visits references seeded tables"),
        ):
            remove(work, strict=False)
        assert versions(owner) == before


def test_three_hundred_thousand_rows_without_an_index_are_left_alone(fresh: New) -> None:
    world = fresh(thorns)
    world.seed()
    with world.superuser() as person:
        person.execute(
            "INSERT INTO visits (player_id) SELECT CASE WHEN n % 100000 = 0 "
            "THEN '00000000-5eed-0f01-0002-000000000001'::uuid "
            "ELSE '10000000-0000-4000-8000-000000000011' END FROM generate_series(1, 300000) AS n"
        )
        with world.opened("reset") as work:
            gone = remove(work, strict=False)
        [(visits,)] = person.execute("SELECT count(player_id) FROM visits").fetchall()
    assert visits == 300_000
    assert (gone.kept, gone.tables["players"], gone.tables["teams"]) == (3, 35, 2)
