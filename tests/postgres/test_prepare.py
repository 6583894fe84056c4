"""Prepare: what stops a run before its first step, and the sentence that says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from psycopg import sql

from seedbed.declare.entity import Entity
from seedbed.declare.errors import SeedbedError
from seedbed.postgres import record
from seedbed.postgres.catalogue import catalogue
from seedbed.postgres.errors import PrerequisiteMissing, SchemaMismatch
from seedbed.run.errors import BeforeAnchor, OtherSeed
from seedbed.run.remove import remove
from seedbed.testing.arrows import made_by_the_application
from seedbed.testing.cluster import Connection
from seedbed.testing.contents import identifier, versions
from seedbed.testing.worlds import AS_OF, World


def refused(world: World, kind: type[SeedbedError], **asked: object) -> str:
    """The sentence with which a seed stops, having written nothing."""
    with world.superuser() as person:
        before = versions(person)
        with pytest.raises(kind) as caught:
            world.seed(**asked)  # type: ignore[arg-type]  # a test's own coordinates
        assert versions(person) == before
    return str(caught.value)


def test_rows_of_another_seed_stop_a_run(seeded: World) -> None:
    name = seeded.dataset.name
    assert refused(seeded, OtherSeed, seed=43) == (
        f"{name}: the database holds rows of seed 42, and this run asks for 43; "
        f"run `seedbed reset {name} --confirm` first, or keep seed 42"
    )
    assert OtherSeed.exit_code == 3


def test_an_as_of_before_the_rows_were_made_stops_a_run(seeded: World) -> None:
    name = seeded.dataset.name
    assert refused(seeded, BeforeAnchor, as_of=AS_OF - timedelta(days=1)) == (
        f"{name}: the database holds rows made as of 2026-03-31, and this run asks for "
        f"2026-03-30, before that; run `seedbed reset {name} --confirm` first, or take a "
        "later --as-of"
    )
    assert BeforeAnchor.exit_code == 3


def test_after_a_reset_any_seed_and_day_will_do(seeded: World) -> None:
    with seeded.opened("reset") as work:
        remove(work, strict=True)
    yesterday = AS_OF - timedelta(days=1)
    reports = seeded.seed(seed=43, as_of=yesterday)
    with seeded.superuser() as person:
        theirs = made_by_the_application(person, seeded.dataset)
    made = [reports[one.name] for one in seeded.dataset.entities if one.name not in theirs]
    assert all(one.added == one.target for one in made)


def test_missing_prerequisites_stop_a_run_and_are_named(world: World) -> None:
    if not world.dataset.prerequisites:
        pytest.skip(f"{world.dataset.name} needs no rows of the application")
    table = world.dataset.prerequisites[0]
    ((column, values),) = table.required.items()
    with world.superuser() as person:
        person.execute(sql.SQL("TRUNCATE {} CASCADE").format(identifier(table.table)))
    assert refused(world, PrerequisiteMissing) == (
        f"{table.table} lacks {', '.join(sorted(values))} (by {column}); "
        "run the application's own migrations and main seed first"
    )
    assert PrerequisiteMissing.exit_code == 3


Change = Callable[[Connection, Entity, str], None]


def _statement(text: str) -> Change:
    def change(person: Connection, entity: Entity, column: str) -> None:
        words = {"table": identifier(entity.table), "column": sql.Identifier(column)}
        person.execute(sql.SQL(text).format(**words))

    return change


CHANGES: dict[str, tuple[str, str]] = {
    "the table is gone": (
        "DROP TABLE {table} CASCADE",
        "does not exist or cannot be seen",
    ),
    "a column is gone": (
        "ALTER TABLE {table} DROP COLUMN {column} CASCADE",
        "has no column '{column}'",
    ),
    "a column has another name": (
        "ALTER TABLE {table} RENAME COLUMN {column} TO renamed; "
        "ALTER TABLE {table} ALTER renamed SET NOT NULL, ALTER renamed DROP DEFAULT",
        "has no column '{column}' and requires 'renamed', which the declaration does not fill",
    ),
    "a new column has to be filled": (
        "ALTER TABLE {table} ADD added int NOT NULL",
        "requires 'added', which the declaration does not fill",
    ),
    "a new column is filled differently on every run": (
        "ALTER TABLE {table} ADD added timestamptz DEFAULT clock_timestamp()",
        "fills 'added' by a default that differs on every run; declare it",
    ),
    "a column is generated": (
        "ALTER TABLE {table} DROP COLUMN {column} CASCADE; "
        "ALTER TABLE {table} ADD {column} int GENERATED ALWAYS AS (1) STORED",
        "generates '{column}' itself; leave it out of the declaration",
    ),
    "a view stands in its place": (
        "CREATE TABLE elsewhere AS TABLE {table} WITH NO DATA; DROP TABLE {table} CASCADE; "
        "CREATE VIEW {table} AS TABLE elsewhere",
        "is not a table but a view or the like",
    ),
}
"""What an application may do to a table, and what the run says about it."""


@pytest.mark.parametrize("change", CHANGES)
def test_a_schema_that_does_not_fit_stops_a_run_and_is_named(world: World, change: str) -> None:
    statement, problem = CHANGES[change]
    entity = world.dataset.entities[-1]
    with world.superuser() as person:
        filled = [
            name
            for name in catalogue(person, [entity.table]).columns(entity.table)
            if name != entity.key.column
        ]
        column = filled[-1]
        _statement(statement)(person, entity, column)
    assert refused(world, SchemaMismatch) == (
        f"entity {entity.name!r}: table {entity.table} {problem.format(column=column)}; "
        "nothing was written"
    )


def test_a_record_of_runs_that_an_earlier_version_made_is_brought_forward(world: World) -> None:
    world.seed()
    with world.superuser() as person:
        person.execute("ALTER TABLE seedbed.runs DROP COLUMN updated")
        lines = record.last(person, world.dataset.name)
        assert {line.updated for line in lines} == {0}
    assert all(one.added == 0 for one in world.seed().values())
    with world.superuser() as person:
        assert record.last(person, world.dataset.name) == lines
        found = person.execute("SELECT count(updated), sum(updated) FROM seedbed.runs").fetchone()
        assert found == (len(lines), 0)
