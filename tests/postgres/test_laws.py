"""The ten laws, held for every dataset of the registry; see ARCHITECTURE.md."""

from __future__ import annotations

import json
import multiprocessing
import random
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from seedbed.declare.counts import Requirement
from seedbed.declare.entity import Dataset, Entity
from seedbed.declare.update import Update
from seedbed.engine.order import ordered
from seedbed.engine.target import chunks
from seedbed.postgres import checks, read
from seedbed.postgres.connection.errors import LeaseLost
from seedbed.postgres.copy.errors import RowRefused
from seedbed.postgres.errors import Blocked, Fenced
from seedbed.postgres.guard.grants import grants
from seedbed.postgres.guard.guard import GuardRefused, mark
from seedbed.postgres.ownership import owned, rows_of
from seedbed.run.counted import checked, digests, drifted
from seedbed.run.remove import preview, remove
from seedbed.run.standing import survey
from seedbed.steps.errors import NotSettled, RowsMissing
from seedbed.steps.fill import fill
from seedbed.steps.kinds import perform
from tests.postgres.edits import edit
from tests.postgres.strangers import (
    arrows,
    attach,
    delete_closed,
    dependents,
    detach,
    given,
    insert_as_the_application,
    keys,
    needed_by_others,
    some_rows,
    staying,
)
from tests.postgres.worlds import (
    Connection,
    World,
    contents,
    eventually,
    files,
    fill_all,
    identifier,
    others,
    ours,
    qualified,
    seed_in_child,
    sequences,
    silent,
    versions,
)

New = Callable[[Dataset], World]

# -- 1 ------------------------------------------------------------------------------------------


def test_1_a_second_run_adds_no_row_and_writes_nothing(seeded: World) -> None:
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


def test_1_plan_verify_and_a_dry_reset_write_nothing(seeded: World) -> None:
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


# -- 2 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_2_any_subset_that_was_deleted_comes_back_identical(seeded: World, seed: int) -> None:
    draw = random.Random(seed)
    share = (0.02, 0.3, 0.7, 1.0)[seed]
    with seeded.superuser() as person:
        before = contents(person)
        doomed = some_rows(person, seeded.dataset, share, draw)
        check_that_they_come_back(seeded, person, doomed)
        assert contents(person) == before


def test_2_every_table_comes_back_with_all_that_depends_on_it(seeded: World) -> None:
    with seeded.superuser() as person:
        before, proof = contents(person), seeded.digests()
        for table in seeded.dataset.tables:
            start = {table: set(keys(person, seeded.dataset, table))}
            doomed = dependents(person, seeded.dataset, start)
            check_that_they_come_back(seeded, person, doomed)
            assert contents(person) == before, table
    assert seeded.digests() == proof


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


# -- 3 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chunk_rows", "threads", "order"),
    [(7, 1, 1), (7, 4, 2), (50_000, 1, 3), (50_000, 4, 4), (1_000, 3, 5)],
)
def test_3_the_digests_are_equal_in_any_chunks_threads_and_order(
    seeded: World, fresh: New, chunk_rows: int, threads: int, order: int
) -> None:
    expected = seeded.digests()
    other = fresh(seeded.dataset)
    other.profile(chunk_rows=chunk_rows, workers=threads)
    with other.opened() as work:
        fill_all(work, threads=threads, order=order)
        assert digests(work, frozenset()) == expected


def test_3_another_seed_makes_other_rows(seeded: World, fresh: New) -> None:
    expected = seeded.digests()
    other = fresh(seeded.dataset)
    other.seed(seed=43)
    assert other.digests(seed=43) != expected


# -- 4 ------------------------------------------------------------------------------------------


def test_4_a_larger_scale_contains_the_rows_of_the_smaller_one(seeded: World, fresh: New) -> None:
    larger = fresh(seeded.dataset)
    larger.seed(scale=2)
    with seeded.superuser() as small, larger.superuser() as large:
        less, more = ours(small, seeded.dataset), ours(large, seeded.dataset)
    assert {table: rows - more[table] for table, rows in less.items() if rows - more[table]} == {}
    assert sum(map(len, more.values())) > sum(map(len, less.values()))


def test_4_growing_in_place_only_adds_rows(seeded: World, fresh: New) -> None:
    tables = seeded.dataset.tables
    with seeded.superuser() as person:
        before = ours(person, seeded.dataset)
        held = {table: set(keys(person, seeded.dataset, table)) for table in tables}
        reports = seeded.seed(scale=2)
        after = ours(person, seeded.dataset)
        new = {table: set(keys(person, seeded.dataset, table)) - held[table] for table in tables}
        added = sum(one.added for one in reports.values() if one.table in tables)
        assert added + given(person, seeded.dataset, new) == sum(map(len, new.values()))
    grown = seeded.digests(scale=2)
    at_once = fresh(seeded.dataset)
    at_once.seed(scale=2)
    assert grown == at_once.digests(scale=2)
    assert all(before[table] <= rows for table, rows in after.items())


# -- 5 ------------------------------------------------------------------------------------------


def test_5_edits_survive_a_run_and_are_reported_as_drift(seeded: World) -> None:
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
    assert len(expected) > len(seeded.dataset.entities) / 2


# -- 6 ------------------------------------------------------------------------------------------


def test_6_a_reset_leaves_the_database_as_it_was_before_the_seed(world: World) -> None:
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


def test_6_every_reference_from_a_row_of_others_blocks_a_strict_reset(seeded: World) -> None:
    draw = random.Random(6)
    with seeded.superuser() as person:
        met = 0
        for tie in arrows(person, seeded.dataset):
            stranger = attach(person, seeded.dataset, tie, draw)
            if stranger is None:
                continue
            before = versions(person)
            with seeded.opened("reset") as work, pytest.raises(Blocked) as caught:
                remove(work, strict=True)
            said = str(caught.value).replace("public.", "")
            columns = ", ".join(tie.columns)
            child, parent = (name.removeprefix("public.") for name in (tie.child, tie.parent))
            assert f"1 of {parent}, needed by {child}.{columns} ({stranger.needs})" in said
            assert caught.value.exit_code == 3
            assert versions(person) == before, tie
            detach(person, stranger)
            met += 1
    assert met >= len(seeded.dataset.tables) / 2


def test_6_a_reset_keeps_what_rows_of_others_need_and_removes_the_rest(seeded: World) -> None:
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
    assert gone.kept == sum(map(len, kept.values())) > 0
    assert {qualified(one.table) for one in gone.pins} == {name for name in kept if kept[name]}


def test_6_a_reset_that_would_change_more_than_planned_is_undone(seeded: World) -> None:
    with seeded.superuser() as person:
        for table in seeded.dataset.tables:
            if not keys(person, seeded.dataset, table):
                continue  # nothing is deleted there
            watch(person, table, "DELETE")
            before = versions(person)
            with seeded.opened("reset") as work, pytest.raises(Fenced) as caught:
                remove(work, strict=True)
            assert "public.watched: 0 deleted instead of 0, 0 updated, " in str(caught.value)
            assert versions(person) == before, table
            person.execute("DROP TABLE watched; DROP FUNCTION watch CASCADE")


# -- 7 ------------------------------------------------------------------------------------------


@pytest.fixture
def staging(world: World) -> Iterator[World]:
    """A shared environment as it should be, except that nobody has marked the database."""
    role = f"seed {uuid4().hex[:8]}"
    name = sql.Identifier(role)
    with world.superuser() as owner:
        owner.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'Kanarienvogel'").format(name))
        rights = grants(owner, world.dataset.tables, role, reads=world.dataset.reads)
        owner.execute(rights.encode())
        unmarked = sql.SQL("COMMENT ON DATABASE {} IS NULL")
        owner.execute(unmarked.format(sql.Identifier(world.address.database)))
    place = {"hosts": [world.address.host], "databases": [world.address.database]}
    world.profile("staging", guard={"shared": True, **place})
    restricted = replace(world.address, user=role, password="Kanarienvogel")
    yield replace(world, address=restricted, variables={"APP_ENV": "staging"})
    with world.superuser() as owner:
        owner.execute(sql.SQL("DROP OWNED BY {}").format(name))
        owner.execute(sql.SQL("DROP ROLE {}").format(name))


def mark_as_owner(world: World) -> None:
    """Let the owner of the database mark it for staging."""
    with world.superuser() as owner:
        mark(owner, "staging", 30, world.dataset.tables)


def test_7_a_marked_database_is_seeded_and_reset_by_a_restricted_role(
    staging: World, seeded: World
) -> None:
    mark_as_owner(staging)
    with staging.superuser() as owner:
        before = contents(owner)
        staging.seed("staging")
        assert staging.digests(environment="staging") == seeded.digests()
        with staging.opened("reset", "staging") as work:
            remove(work, strict=True)
        assert contents(owner) == before


@pytest.mark.parametrize("variable", ["APP_ENV", "NODE_ENV"])
@pytest.mark.parametrize("environment", ["dev", "staging"])
def test_7_where_a_variable_says_production_nothing_is_even_opened(
    staging: World, environment: str, variable: str
) -> None:
    mark_as_owner(staging)
    nowhere = replace(staging.address, port=1)
    variables = {**staging.variables, variable: "production"}
    world = replace(staging, address=nowhere, variables=variables)
    with pytest.raises(GuardRefused, match=f"{variable} is 'production'") as caught:
        world.seed(environment)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("marker", "has no marker"),
        ("variable", "neither APP_ENV nor NODE_ENV is set"),
        ("role", "the role has SUPERUSER"),
        ("place", "is not in guard.databases"),
    ],
)
def test_7_a_shared_environment_without_one_of_its_proofs_is_not_touched(
    staging: World, missing: str, said: str
) -> None:
    world = staging
    if missing != "marker":
        mark_as_owner(staging)
    if missing == "variable":
        world = replace(staging, variables={})
    if missing == "role":
        world = replace(staging, address=staging.owner)
    if missing == "place":
        guard = {"shared": True, "hosts": [staging.address.host], "databases": ["other"]}
        staging.profile("staging", guard=guard)
    with staging.superuser() as owner:
        before = versions(owner)
        with pytest.raises(GuardRefused, match=said) as caught:
            world.seed("staging")
        assert caught.value.exit_code == 3
        assert versions(owner) == before


def test_7_a_marker_that_is_withdrawn_stops_the_next_step(staging: World) -> None:
    mark_as_owner(staging)
    first, second, *_ = ordered(staging.dataset.entities)
    with staging.superuser() as owner, staging.opened("seed", "staging") as work:
        fill(work, first, silent)
        name = sql.Identifier(staging.address.database)
        owner.execute(sql.SQL("COMMENT ON DATABASE {} IS NULL").format(name))
        before = versions(owner)
        with pytest.raises(GuardRefused, match="has no marker"):
            fill(work, second, silent)
        with pytest.raises(GuardRefused, match="has no marker"):
            remove(work, strict=True)
        assert versions(owner) == before


# -- 8 ------------------------------------------------------------------------------------------

BREAKS = Path(__file__).parent / "breaks"
_BREAK = re.compile(r"^-- name: (\w+)\n(.*?)(?=^-- name: |\Z)", re.M | re.S)


def test_8_every_check_fails_on_a_row_made_to_break_it(seeded: World) -> None:
    breaks = _BREAK.findall((BREAKS / f"{seeded.dataset.name}.sql").read_text())
    queries = {query.name: query for query in checks.queries(seeded.dataset)}
    assert {name for name, _ in breaks} == set(queries), "every check has a break, and no other"
    with seeded.opened("verify") as work, seeded.superuser() as person:
        assert [one for one in checked(work) if not one.passed] == []
        words = {
            **{one.name: rows_of(one) for one in seeded.dataset.entities},
            "as_of": sql.Literal(work.run.as_of),
            "anchor": sql.Literal(work.run.anchor),
            **{name: sql.Literal(number) for name, number in work.run.requirements.items()},
        }
        passed = []
        for name, statement in breaks:
            with person.transaction(force_rollback=True):
                person.execute("SET LOCAL session_replication_role = replica")
                broken = person.execute(sql.SQL(statement.strip()).format(**words))
                assert broken.rowcount > 0, f"{name}: the break changes no row"
                found = checks.check(person, seeded.dataset, work.run, queries[name])
            if found.passed:
                passed.append((name, statement.strip()))
    assert passed == []


def test_8_a_step_whose_rows_are_dropped_or_refused_fails_and_keeps_nothing(world: World) -> None:
    draw = random.Random(8)
    with world.superuser() as person, world.opened() as work:
        with work.writing():  # the dataset claims its kinds of keys, with the first row or none
            pass
        for entity in ordered(world.dataset.entities):
            if not (rows := next(chunks(entity, work.at(person), 1000), None)):
                continue
            if read.count(person, entity) == len(rows):
                continue  # the application made them, with their parents
            at = draw.randrange(len(rows))
            [key] = entity.key.values(rows.number[at : at + 1])
            before = versions(person)
            with dropping(person, entity, key), pytest.raises(RowsMissing) as missing:
                fill(work, entity, silent)
            assert f"{entity.name}: {entity.table} holds" in str(missing.value)
            with refusing(person, entity, key), pytest.raises(RowRefused) as refused:
                fill(work, entity, silent)
            said = str(refused.value)
            assert said.startswith(f"{entity.table}: CheckViolation")
            assert "constraint not_this_one" in said
            assert f"at key {key}" in said
            assert versions(person) == before
            fill(work, entity, silent)


def test_8_an_update_that_is_undone_fails(seeded: World) -> None:
    with seeded.superuser() as person:
        for step in seeded.dataset.later:
            if not isinstance(step, Update) or not step.held:
                continue
            with seeded.opened() as work:
                if len(work.columns[step.name]) == 1:
                    continue  # none of its columns is declared in this mode
                stage_again(person, step)
                before = versions(person)
                person.execute("""
                    CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql
                    AS 'BEGIN RETURN OLD; END'
                """)
                person.execute(
                    sql.SQL(
                        "CREATE TRIGGER a_keeps BEFORE UPDATE ON {} FOR EACH ROW "
                        "EXECUTE FUNCTION keep()"
                    ).format(identifier(step.table))
                )
                with pytest.raises(NotSettled) as caught:
                    perform(work, step, silent)
                person.execute("DROP FUNCTION keep CASCADE")
                assert f"rows of {step.table} do not hold what was written" in str(caught.value)
                assert versions(person) == before
                assert perform(work, step, silent).updated > 0


def stage_again(person: Connection, step: Update) -> None:
    """Let the rows of an update hold again what they were added with."""
    staged = [
        sql.SQL("{} = {}").format(
            sql.Identifier(column),
            sql.Literal(json.dumps(value) if isinstance(value, dict) else value),
        )
        for column, value in step.held.items()
    ]
    with person.transaction():
        person.execute("SET LOCAL session_replication_role = replica")
        person.execute(
            sql.SQL("UPDATE {} AS own SET {} WHERE {}").format(
                identifier(step.table), sql.SQL(", ").join(staged), owned(step.of, "own")
            )
        )


@contextmanager
def dropping(person: Connection, entity: Entity, key: object) -> Iterator[None]:
    """A trigger of the application that silently drops one row."""
    table, condition = identifier(entity.table), _is(entity, "NEW", key)
    person.execute("""
        CREATE FUNCTION drop_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'
    """)
    person.execute(
        sql.SQL(
            "CREATE TRIGGER drops BEFORE INSERT ON {} FOR EACH ROW WHEN ({}) "
            "EXECUTE FUNCTION drop_row()"
        ).format(table, condition)
    )
    yield
    person.execute("DROP FUNCTION drop_row CASCADE")


@contextmanager
def refusing(person: Connection, entity: Entity, key: object) -> Iterator[None]:
    """A constraint that the application has and the declaration does not know."""
    table = identifier(entity.table)
    column = sql.Identifier(entity.key.column)
    add = sql.SQL("ALTER TABLE {} ADD CONSTRAINT not_this_one CHECK ({} <> {})")
    person.execute(add.format(table, column, sql.Literal(key)))
    yield
    person.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT not_this_one").format(table))


def _is(entity: Entity, alias: str, key: object) -> sql.Composed:
    column = sql.SQL(f"{alias}.{{}}").format(sql.Identifier(entity.key.column))
    return sql.SQL("{} = {}").format(column, sql.Literal(key))


# -- 9 ------------------------------------------------------------------------------------------


def test_9_after_a_seed_the_application_goes_on(world: World) -> None:
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
            [(held,)] = person.execute(f"SELECT count(*) FROM {name}".encode()).fetchall()
            assert analysed == held, table
        for table in world.dataset.tables:
            name = identifier(table).as_string(person)
            [(held,)] = person.execute(f"SELECT count(*) FROM {name}".encode()).fetchall()
            insert_as_the_application(person, world.dataset, table, draw)
            [(more,)] = person.execute(f"SELECT count(*) FROM {name}".encode()).fetchall()
            assert more >= held, table
        [(seen,)] = person.execute("SELECT count(*) FROM watched").fetchall()
        assert seen >= sum(map(len, ours(person, world.dataset).values()))


def watch(person: Connection, table: str, change: str) -> None:
    """A trigger of the application that has to see every row which comes or goes."""
    person.execute("CREATE TABLE IF NOT EXISTS watched (row_of text)")
    person.execute("""
        CREATE OR REPLACE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN INSERT INTO watched VALUES (TG_TABLE_NAME); RETURN NULL; END'
    """)
    create = "CREATE TRIGGER watches AFTER {} ON {} FOR EACH ROW EXECUTE FUNCTION watch()"
    person.execute(sql.SQL(create).format(sql.SQL(change), identifier(table)))


def enabled(person: Connection) -> list[Any]:
    """Every trigger, those behind foreign keys too, with its state."""
    return person.execute("SELECT oid, tgenabled FROM pg_trigger ORDER BY oid").fetchall()


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


# -- 10 -----------------------------------------------------------------------------------------

CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(["tests.postgres.worlds"])  # else every child imports anew
PATIENT = {"limits": {"busy": 60}}
"""A killed run's statement goes on for up to two seconds, and its lock with it."""


@pytest.mark.parametrize("seed", range(3))
def test_10_killed_twice_at_random_the_next_run_ends_as_an_undisturbed_one(
    seeded: World, fresh: New, seed: int
) -> None:
    draw = random.Random(seed)
    world = fresh(seeded.dataset)
    world.profile(chunk_rows=7, **PATIENT)
    with world.superuser() as person:
        for least in sorted(draw.sample(range(len(world.dataset.entities) - 1), 2)):
            child = CHILDREN.Process(
                target=seed_in_child, args=(world.dataset.name, world.address, world.profiles)
            )
            child.start()
            assert eventually(lambda: steps_recorded(person) >= least, 30)  # noqa: B023 # called now
            time.sleep(draw.uniform(0, 0.03))
            child.kill()
            child.join()
            assert child.exitcode == -signal.SIGKILL
        assert ours(person, world.dataset) != ours_of(seeded)
    world.profile(**PATIENT)
    world.seed()
    assert world.digests() == seeded.digests()


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


@pytest.mark.parametrize("whose", ["the lock's", "the step's", "all"])
def test_10_after_the_server_ended_our_sessions_the_next_run_ends_the_same(
    seeded: World, fresh: New, whose: str
) -> None:
    world = fresh(seeded.dataset)
    world.profile(chunk_rows=7, **PATIENT)
    steps = ordered(world.dataset.entities)
    middle = len(steps) // 2
    condition = {"the lock's": "pid = %(lease)s", "the step's": "pid <> %(lease)s", "all": "true"}
    end = f"""
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name LIKE 'seedbed:%%' AND datname = current_database()
          AND {condition[whose]}
    """
    with world.superuser() as person:

        def cut(sent: int) -> None:
            person.execute(end.encode(), {"lease": work.database.lease})

        with (
            pytest.raises((psycopg.OperationalError, LeaseLost)),
            world.opened() as work,
        ):
            for place, entity in enumerate(steps):
                fill(work, entity, cut if place == middle else silent)
        assert ours(person, world.dataset) != ours_of(seeded)
    world.seed()
    assert world.digests() == seeded.digests()
