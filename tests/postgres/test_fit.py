"""Fit: what a migration changed is told whole, before a row is written, by whoever looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from seedbed.context.datasets import dataset
from seedbed.declare.entity import Dataset
from seedbed.engine.order import ordered
from seedbed.engine.plan import Mismatch, told
from seedbed.engine.settings import FIRST_DAY, LAST_DAY
from seedbed.postgres.catalogue import catalogue_of
from seedbed.postgres.connection.address import Address
from seedbed.postgres.connection.failures import naming, passing, sentence
from seedbed.postgres.copy.errors import RowRefused, RowUnfit
from seedbed.postgres.errors import OtherEncoding, SchemaChanged, SchemaMismatch, UpdateRefused
from seedbed.postgres.guard import guard
from seedbed.postgres.reflect import unremovable
from seedbed.run.counted import checked, counts, digests, drifted
from seedbed.run.remove import preview, remove
from seedbed.run.standing import look_first, require_fit, survey
from seedbed.steps.fill import fill
from seedbed.steps.kinds import perform
from seedbed.steps.part import refused_sentence
from seedbed.testing.cluster import Cluster
from seedbed.testing.contents import versions
from seedbed.testing.worlds import World, silent

COMMERCE, THERAPY, STREAMING = map(dataset, ("commerce", "therapy", "streaming"))
RENAMED = "ALTER TYPE campaign_status RENAME VALUE 'PAUSED' TO 'ON_HOLD'"


@pytest.fixture
def held(
    cluster: Cluster, seeded_template: Callable[[Dataset], Address], tmp_path: Path
) -> Iterator[World]:
    """A seeded `commerce`."""
    address = cluster.create(seeded_template(COMMERCE).database)
    world = World(COMMERCE, address, address, tmp_path)
    world.profile()
    world.mark()
    yield world
    cluster.drop(address)


def migrate(world: World, *statements: str) -> None:
    with world.superuser() as person:
        for statement in statements:
            person.execute(statement.encode())


def planned(world: World) -> tuple[Mismatch, ...]:
    with world.opened("plan") as work:
        return survey(work, ordered(work.dataset.steps)).misfits


def refusal(world: World) -> str:
    """The sentence of a seed that writes nothing."""
    with world.superuser() as person:
        before = versions(person)
        with pytest.raises(SchemaMismatch) as caught, world.opened("seed") as work:
            look_first(work, ordered(work.dataset.steps))
        after = versions(person)
        assert [t for t in before if before[t] != after[t]] == []
    return str(caught.value)


MIGRATIONS = {
    RENAMED: [
        ("campaigns", "status", "'PAUSED'", "is none of its labels ACTIVE, ON_HOLD, ARCHIVED"),
        ("adsets", "status", "'PAUSED'", "declare one, or add it there"),
        ("ads", "status", "'PAUSED'", "in 'status' (campaign_status)"),
    ],
    "ALTER TABLE ads RENAME delivery_status TO delivery": [
        ("ads", "delivery_status", "", "has no column 'delivery_status'"),
    ],
    "ALTER TABLE orders ADD region text NOT NULL DEFAULT 'x'; "
    "ALTER TABLE orders ALTER region DROP DEFAULT": [
        ("orders", "region", "", "requires 'region', which the declaration does not fill"),
    ],
    "ALTER TABLE campaigns ALTER name TYPE varchar(25) USING left(name, 25)": [
        ("campaigns", "name", "'Cross-Sell Bundle Campaign'", "longer than 25 characters"),
    ],
    "ALTER TABLE ads ALTER name TYPE int USING 1": [
        ("ads", "name", "'Mouse Flash Sale — Q1 — Ad 1'", "cannot become int4"),
    ],
    "UPDATE campaigns SET end_date = '2030-01-01'; "
    "ALTER TABLE campaigns ALTER end_date SET NOT NULL": [
        ("campaigns", "end_date", "NULL", "the column takes no NULL; declare a value"),
    ],
    "UPDATE orders SET total = 1; ALTER TABLE orders ALTER total TYPE numeric(3,2)": [
        ("orders", "total", "62.73", "more than 1 digits before the point"),
    ],
    "DROP TABLE sellpage_stats_daily CASCADE": [
        ("sellpage_stats", "", "", "does not exist or cannot be seen"),
    ],
    "ALTER TABLE ads RENAME id TO ad_id": [
        ("ads", "id", "", "has no column 'id'"),
        ("ads", "ad_id", "", "requires 'ad_id', which the declaration does not fill"),
    ],
}


@pytest.mark.parametrize("migration", MIGRATIONS)
def test_a_plan_tells_everything_that_does_not_fit_and_a_seed_refuses_with_all_of_it(
    held: World, migration: str
) -> None:
    assert planned(held) == ()
    migrate(held, migration)
    found = planned(held)
    expected = MIGRATIONS[migration]
    assert [(one.entity, one.column, one.value) for one in found] == [
        (entity, column, value) for entity, column, value, _ in expected
    ]
    for one, (*_, problem) in zip(found, expected, strict=True):
        assert problem in one.problem
    assert refusal(held) == "; ".join([*told(found), "nothing was written"])


def test_a_rebuild_refuses_before_it_removes(held: World) -> None:
    migrate(held, RENAMED)
    with held.opened("refresh") as work, pytest.raises(SchemaMismatch, match="no 'PAUSED'"):
        require_fit(work, ordered(work.dataset.steps))


@pytest.mark.parametrize("migration", MIGRATIONS)
def test_verify_tells_what_it_can(held: World, migration: str) -> None:
    with held.opened("verify") as work:
        names = [check.name for check in checked(work)]
        before = digests(work, frozenset())
    migrate(held, migration)
    unasked: list[Mismatch] = []
    unmade: list[Mismatch] = []
    with held.opened("verify") as work:
        steps = counts(work, ordered(work.dataset.steps), fitting=True)
        found = checked(work, unasked)
        drift = drifted(work, unmade)
        now = digests(work, frozenset())
    told_of = {misfit.entity for one in steps for misfit in one.misfits}
    assert told_of == {entity for entity, *_ in MIGRATIONS[migration]}
    # Every check is answered, or it is said that it cannot be asked.
    assert sorted([*(one.name for one in found), *(one.entity for one in unasked)]) == sorted(names)
    assert all("cannot be asked" in one.problem for one in unasked)
    whole = {one.name: one.present for one in steps if one.name not in told_of}
    assert whole["users"] == 1 and whole["order_items"] == 126
    changed = {one.table for one in steps if one.name in told_of}
    assert {t: d for t, d in now.items() if t not in changed} == {
        t: d for t, d in before.items() if t not in changed
    }
    assert {one.entity for one in drift} <= told_of  # what the migration itself wrote


def test_columns_that_fit_are_still_compared(held: World) -> None:
    migrate(held, RENAMED, "UPDATE campaigns SET budget = budget + 1")
    unmade: list[Mismatch] = []
    with held.opened("verify") as work:
        (drift,) = drifted(work, unmade)
    assert (drift.entity, drift.rows, drift.columns) == ("campaigns", 10, ("budget",))
    assert {one.entity for one in unmade} == {"campaigns", "adsets", "ads"}


# -- a reset needs keys and references ------------------------------------------------------------

KEYS_STAY = [
    *(one for one in MIGRATIONS if "DROP TABLE" not in one and "RENAME id" not in one),
    "ALTER TABLE orders DROP total",
    "ALTER TABLE users RENAME email TO address",
]


@pytest.mark.parametrize("migration", KEYS_STAY)
def test_a_reset_goes_on_after_a_migration_that_left_keys_and_references(
    held: World, migration: str
) -> None:
    migrate(held, migration)
    with held.opened("reset") as work:
        assert preview(work).rows == 2405
        assert remove(work, strict=True).rows == 2405


def test_a_reset_without_a_key_or_a_reference_is_refused_and_a_plan_says_so(held: World) -> None:
    migrate(held, "ALTER TABLE ad_stats_daily RENAME entity_id TO of_id")
    with pytest.raises(SchemaMismatch) as caught, held.opened("reset"):
        pass
    assert str(caught.value) == (
        "entities 'campaign_stats', 'adset_stats', 'ad_stats': table ad_stats_daily has no column "
        "'entity_id'; nothing was written"
    )
    with held.opened("plan") as work:
        assert survey(work, ordered(work.dataset.steps)).removal.refused
    with held.superuser() as person:
        assert [one.column for one in unremovable(catalogue_of(person, COMMERCE), COMMERCE)] == [
            "entity_id"
        ] * 3


# -- what the database refuses --------------------------------------------------------------------


def step_said(world: World, name: str, statement: str) -> str:
    """Fill up to a step, change the database while the run goes on, and fill that step."""
    with world.opened() as work:
        for step in ordered(work.dataset.steps):
            if step.name == name:
                migrate(world, statement)
                refusals = (RowRefused, RowUnfit, SchemaChanged, psycopg.Error)
                with pytest.raises(refusals) as caught, naming(step.table):
                    perform(work, step, silent)
                error = caught.value
                if isinstance(error, psycopg.Error):
                    return sentence(error)
                return (
                    refused_sentence(work, error) if isinstance(error, RowRefused) else str(error)
                )
            perform(work, step, silent)
    raise AssertionError(f"no step {name}")


PARTITIONED = """
    CREATE TABLE parts (LIKE sellpage_stats_daily INCLUDING DEFAULTS)
        PARTITION BY RANGE (stat_date);
    DROP TABLE sellpage_stats_daily CASCADE; ALTER TABLE parts RENAME TO sellpage_stats_daily;
    ALTER TABLE sellpage_stats_daily ADD PRIMARY KEY (id, stat_date);
    CREATE TABLE later PARTITION OF sellpage_stats_daily
        FOR VALUES FROM ('2026-03-20') TO ('2027-01-01')
"""
RAISES = """
    CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN RAISE EXCEPTION ''about %'', NEW.name USING ERRCODE = ''{code}''; END';
    CREATE TRIGGER tells BEFORE INSERT ON ads FOR EACH ROW EXECUTE FUNCTION tell()
"""
WHILE_IT_RUNS = [
    (
        "order_items",
        "ALTER TABLE order_items ALTER quantity TYPE bigint",
        "table order_items was changed while the run was under way: column quantity was integer",
        "is bigint (type 20), required now. Nothing of this step was kept; run it again",
    ),
    (
        "order_items",
        "ALTER TABLE order_items ALTER quantity DROP DEFAULT, ALTER quantity TYPE numeric",
        "table order_items was changed while the run was under way: column quantity was integer",
        "is numeric (type 1700), required now",
    ),
    (
        "sellpage_stats",
        PARTITIONED,
        "table sellpage_stats_daily, partitioned by RANGE (stat_date), has no partition for "
        "stat_date = 2026-03-02: let a migration make one; sellpage_stats_daily: CheckViolation",
        "at key 00000000-5eed-0002-0002-",
    ),
    (
        "ads",
        RAISES.format(code="P0001"),
        "ads: RaiseException (SQLSTATE P0001), raised by tell(), at key 00000000-5eed-0004-0004-",
        "nothing of this step was kept",
    ),
    (
        "ads",
        RAISES.format(code="MY001"),
        "ads: error of its own (SQLSTATE MY001), raised by tell(), at key",
        "nothing of this step was kept",
    ),
    (
        "ads",
        "CREATE DOMAIN short AS text CHECK (length(value) < 5); "
        "ALTER TABLE ads ALTER name TYPE short",
        "table ads was changed while the run was under way: column name was character varying(255)",
        "is short (type",
    ),
    (
        "ads",
        "CREATE UNIQUE INDEX one_state ON ads (lower(delivery_status))",
        "constraint one_state on lower(delivery_status",
        "another row holds the same; remove that one, or declare something else",
    ),
    (
        "ads",
        "ALTER TABLE ads DROP delivery_status, ADD delivery_status text GENERATED ALWAYS AS ('x') "
        "STORED",
        "table ads was changed while the run was under way: column delivery_status was character",
        "is text (type 25), generated now",
    ),
    (
        "ads",
        "ALTER TABLE ads ALTER name TYPE varchar(20)",
        "ads: StringDataRightTruncation (SQLSTATE 22001), column name: value too long for type",
        "declare another value, or let a migration change the column",
    ),
    (
        "ads",
        RENAMED,
        "table ads was changed while the run was under way: type campaign_status was ACTIVE, ",
        "is ACTIVE, ON_HOLD",
    ),
    (
        "ads",
        "DROP TABLE ads CASCADE",
        'ads: UndefinedTable (SQLSTATE 42P01): relation "ads" does not exist',
        "",
    ),
]


@pytest.mark.parametrize(("step", "change", "said", "do"), WHILE_IT_RUNS)
def test_a_migration_in_the_middle_is_said_with_column_and_what_to_do(
    fresh: Callable[[Dataset], World], step: str, change: str, said: str, do: str
) -> None:
    world = fresh(COMMERCE)
    sentence = step_said(world, step, change)
    assert sentence.startswith(said), sentence
    assert do in sentence
    assert "about" not in sentence


def test_what_the_server_could_not_read_does_not_pass(fresh: Callable[[Dataset], World]) -> None:
    world = fresh(COMMERCE)
    with world.opened() as work:
        *before, items = [one for one in ordered(COMMERCE.entities) if one.name != "order_events"][
            : [one.name for one in ordered(COMMERCE.entities)].index("order_items") + 1
        ]
        for one in before:
            fill(work, one, silent)
        migrate(world, f"ALTER TABLE {items.table} ALTER quantity TYPE bigint")
        with pytest.raises(SchemaChanged) as caught:
            fill(work, items, silent)
    assert not caught.value.passes
    assert not passing(caught.value)


def test_the_columns_of_a_constraint_are_found_in_tables_with_capitals(
    fresh: Callable[[Dataset], World],
) -> None:
    said = step_said(
        fresh(THERAPY),
        "communities",
        'ALTER TABLE "Community" ADD CONSTRAINT short CHECK (length(name) < 5)',
    )
    assert said.startswith("constraint short on name refuses a row; Community: CheckViolation")


REPLICATED = "CREATE PUBLICATION all_of_it FOR ALL TABLES; ALTER TABLE {} REPLICA IDENTITY NOTHING"
DELETES = {
    REPLICATED.format("ads"): (
        'cannot delete from table "ads" because it does not have a replica identity and publishes '
        "deletes; let its owner run ALTER TABLE … REPLICA IDENTITY DEFAULT"
    ),
    "CREATE RULE keeps AS ON DELETE TO ads DO INSTEAD NOTHING": (
        'referential integrity query on "adsets" from constraint "ads_adset_id_fkey" on "ads" gave '
        "unexpected result; a rule rewrites what that reference does"
    ),
    RAISES.format(code="MY001").replace("INSERT", "DELETE").replace("NEW", "OLD"): (
        "ads: no row can be removed: error of its own (SQLSTATE MY001), raised by tell()"
    ),
}


@pytest.mark.parametrize("change", DELETES)
def test_a_reset_that_the_database_refuses_names_table_and_cause(held: World, change: str) -> None:
    migrate(held, change)
    with held.superuser() as person:
        before = versions(person)
        with held.opened("reset") as work, pytest.raises(psycopg.Error) as caught:
            remove(work, strict=True)
        assert versions(person) == before
    assert DELETES[change] in sentence(caught.value)


def test_a_change_that_replication_refuses_names_table_and_cause(
    fresh: Callable[[Dataset], World],
) -> None:
    world = fresh(STREAMING)
    migrate(world, REPLICATED.format("seasons"))
    with world.opened() as work, pytest.raises(UpdateRefused) as caught:
        for step in ordered(STREAMING.steps):
            perform(work, step, silent)
    assert 'cannot update table "seasons" because it does not have a replica identity' in str(
        caught.value
    )


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_with_other_characters_is_refused_before_the_first_row(
    cluster: Cluster, tmp_path: Path, encoding: str
) -> None:
    address = cluster.create()
    with cluster.connect() as person:
        name = sql.Identifier(address.database)
        person.execute(sql.SQL("DROP DATABASE {}").format(name))
        person.execute(
            sql.SQL("CREATE DATABASE {} ENCODING {} LOCALE 'C' TEMPLATE template0").format(
                name, sql.Literal(encoding)
            )
        )
    world = World(COMMERCE, address, address, tmp_path)
    world.profile()
    with cluster.connect(address.database) as person:
        person.execute("SET client_encoding = 'UTF8'")
        person.execute((COMMERCE.folder / "schema.sql").read_bytes())
        guard.mark(person, "dev", 90, COMMERCE.tables)
        before = versions(person)
        for verb in ("plan", "seed", "refresh", "verify"):
            with pytest.raises(OtherEncoding) as caught, world.opened(verb):
                pass
            assert str(caught.value).startswith(
                f"database '{address.database}' has the encoding {encoding}, and seedbed needs UTF8"
            )
        with world.opened("reset") as work:  # what an earlier version left there can go
            assert preview(work).rows == 0
        assert {t: r for t, r in versions(person).items() if "seedbed" not in t} == before
    cluster.drop(address)


def test_a_date_that_python_cannot_hold_is_named(
    cluster: Cluster, seeded_template: Callable[[Dataset], Address], tmp_path: Path
) -> None:
    address = cluster.create(seeded_template(THERAPY).database)
    world = World(THERAPY, address, address, tmp_path)
    world.profile()
    world.mark()
    migrate(
        world,
        """UPDATE "Meeting" SET "startTime" = 'infinity'
           WHERE id = (SELECT min(id) FROM "Meeting")""",
    )
    assert {one.problem for one in planned(world)} == {
        "holds a date or time outside of the years 1 to 9999, such as infinity, that cannot be "
        "read; correct it there"
    }
    assert {one.table for one in planned(world)} == {"Meeting"}
    cluster.drop(address)


def test_a_trigger_may_fill_what_must_not_be_null(fresh: Callable[[Dataset], World]) -> None:
    world = fresh(COMMERCE)
    migrate(
        world,
        "CREATE FUNCTION ends() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN NEW.end_date := ''2030-01-01''; RETURN NEW; END'",
        "CREATE TRIGGER ends BEFORE INSERT ON campaigns FOR EACH ROW EXECUTE FUNCTION ends()",
        "ALTER TABLE campaigns ALTER end_date SET NOT NULL",
    )
    assert world.seed()["campaigns"].added == 10


def test_a_domain_is_written_as_what_it_is_made_of(fresh: Callable[[Dataset], World]) -> None:
    world = fresh(COMMERCE)
    migrate(
        world,
        "CREATE DOMAIN words AS varchar(40)",
        "CREATE DOMAIN titles AS words NOT NULL",
        "ALTER TABLE campaigns ALTER name TYPE titles",
        "CREATE DOMAIN state AS campaign_status",
        "ALTER TABLE ads ALTER status DROP DEFAULT, ALTER status TYPE state",
    )
    assert world.seed()["ads"].added == 60


def test_a_reset_reads_no_column_of_a_declaration(held: World) -> None:
    with held.opened("reset") as work:
        assert len(work.columns) == 0
    with held.opened("verify") as work:
        assert len(work.columns) == 16


@pytest.mark.parametrize("day", [FIRST_DAY, LAST_DAY])
def test_every_dataset_fits_its_own_schema_on_the_first_and_the_last_day(
    world: World, day: date
) -> None:
    with world.opened("seed", as_of=day) as work:
        look_first(work, ordered(work.dataset.steps))
