"""Variants of the attacks, and what an application may do that looks like one.

Above each test: what happened before the product saw it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seedbed import Columns, Rows, entity, exactly, objects, settle, text, uuid_key
from seedbed.context.datasets import Source, sources
from seedbed.declare.entity import Dataset
from seedbed.declare.errors import SeedbedError
from seedbed.engine.order import ordered
from seedbed.postgres.connection.address import Address
from seedbed.postgres.errors import KeyUnfit
from seedbed.postgres.keyed import require_keys
from seedbed.run.counted import complete, counts
from seedbed.testing.cluster import Connection
from seedbed.testing.contents import others
from seedbed.testing.worlds import AS_OF, World, fill_all
from tests.safety.test_attacks import DEFERRED, LOG, MADE, PLAIN, function, on

New = Callable[[Dataset], World]
Make = Callable[..., World]

HERE = Path(__file__).parent
DAY = timedelta(days=1)
MONTH = 31 * DAY


def since(rows: Rows) -> int:
    """Days from the anchor to the run's."""
    return int((rows.run.as_of - AS_OF).days)


def green(world: World) -> bool:
    """Whether a seed and its last look at every step, as a round has them, find all rows."""
    with world.opened() as opened:
        fill_all(opened)
        return complete(counts(opened, ordered(opened.dataset.steps))).passed


# -- rows of others ------------------------------------------------------------------------------

# A trigger gives a row of others a key of ours: the row is ours then, and the fence asks only for
# rows written that are *not* ours now. In a seed, roll, update or rebuild it is taken over; in a
# reset it is deleted, and the run is green: the plan is the DELETE's own row count.

STEAL = "UPDATE sellers SET id = '00000000-5eed-0001-0002-000000000777' WHERE slug = 'real';"


@pytest.mark.parametrize("kind", [PLAIN, DEFERRED], ids=["plain", "deferred"])
def test_a_seed_takes_a_row_of_others_over(shop: World, person: Connection, kind: str) -> None:
    person.execute(on("INSERT", "order_items", STEAL, kind=kind).encode())
    before = others(person, shop.dataset)["public.sellers"]
    with suppress(SeedbedError):
        shop.seed()
    assert others(person, shop.dataset)["public.sellers"] == before


VERBS: dict[str, Callable[[World], object]] = {
    "reset": lambda world: world.reset(),
    "rebuild": lambda world: world.rebuild(as_of=AS_OF + MONTH),
    "roll": lambda world: world.seed(as_of=AS_OF + 2 * DAY),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_later_run_takes_a_row_of_others_over(shop: World, person: Connection, verb: str) -> None:
    shop.seed()
    table = "sellpage_stats_daily"
    person.execute(
        (
            function("attack", STEAL) + f"CREATE TRIGGER attack AFTER DELETE OR UPDATE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION attack()"
        ).encode()
    )
    before = person.execute("SELECT * FROM sellers WHERE slug = 'real'").fetchall()
    with suppress(SeedbedError):
        VERBS[verb](shop)
    assert person.execute("SELECT * FROM sellers WHERE slug = 'real'").fetchall() == before


@pytest.mark.parametrize("table", ["runs", "claims"])
def test_the_same_by_a_trigger_on_our_records(shop: World, person: Connection, table: str) -> None:
    shop.seed()
    person.execute(
        (
            function("attack", STEAL) + f"CREATE TRIGGER attack AFTER INSERT OR DELETE ON"
            f" seedbed.{table} FOR EACH ROW EXECUTE FUNCTION attack()"
        ).encode()
    )
    before = person.execute("SELECT * FROM sellers WHERE slug = 'real'").fetchall()
    with suppress(SeedbedError):
        shop.reset()
    assert person.execute("SELECT * FROM sellers WHERE slug = 'real'").fetchall() == before


def test_a_log_line_of_others_is_made_to_name_a_row_of_ours(
    shop: World, person: Connection
) -> None:
    person.execute(LOG.encode())
    shop.profile(made_by_triggers=MADE)
    shop.seed()
    person.execute("DELETE FROM ads WHERE id IN (SELECT id FROM ads ORDER BY id DESC LIMIT 1)")
    line = "UPDATE outbox SET of_row = (SELECT min(id::text) FROM orders) WHERE what = 'real';"
    person.execute(on("INSERT", "ads", line).encode())
    before = person.execute("SELECT * FROM outbox WHERE what = 'real' ORDER BY id").fetchall()
    with suppress(SeedbedError):
        shop.seed()
    after = person.execute("SELECT * FROM outbox WHERE what = 'real' ORDER BY id").fetchall()
    assert after == before


# Two temporary tables whose deferred triggers call each other, and empty each other first: a
# TRUNCATE takes the counters back, they stand still, and the last event runs in COMMIT.

TURN = """
    CREATE FUNCTION turn() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    IF current_query() ILIKE '%commit%' THEN DELETE FROM refresh_tokens; RETURN NULL; END IF;
    SET CONSTRAINTS ALL DEFERRED;
    IF TG_TABLE_NAME = 'turn_a' THEN TRUNCATE turn_b; INSERT INTO turn_b VALUES (1);
    ELSE TRUNCATE turn_a; INSERT INTO turn_a VALUES (1); END IF; RETURN NULL; END $$;
"""
BEGIN = """
    IF to_regclass('pg_temp.turn_a') IS NULL THEN
    CREATE TEMP TABLE turn_a (n int) ON COMMIT DROP;
    CREATE TEMP TABLE turn_b (n int) ON COMMIT DROP;
    CREATE CONSTRAINT TRIGGER a AFTER INSERT ON turn_a DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION turn();
    CREATE CONSTRAINT TRIGGER b AFTER INSERT ON turn_b DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION turn();
    INSERT INTO turn_a VALUES (1); END IF;
"""


def test_deferred_work_that_takes_its_counters_back(shop: World, person: Connection) -> None:
    person.execute((TURN + on("INSERT", "campaigns", BEGIN)).encode())
    before = others(person, shop.dataset)["public.refresh_tokens"]
    with suppress(SeedbedError):
        shop.seed()
    assert others(person, shop.dataset)["public.refresh_tokens"] == before


# Large objects are rows of pg_catalog, which nothing counts (lo_manage of extension lo does
# that).


def test_a_large_object_of_others(shop: World, person: Connection) -> None:
    person.execute("SELECT lo_from_bytea(0, 'real')")
    unlink = "PERFORM lo_unlink(oid) FROM pg_largeobject_metadata;"
    person.execute(on("INSERT", "campaigns", unlink).encode())
    with suppress(SeedbedError):
        shop.seed()
    assert person.execute("SELECT count(*) FROM pg_largeobject_metadata").fetchone() == (1,)


# Counting is switched off and on in spellings that are literal, not put together at run time.

SPELLINGS = {
    "quoted": 'SET LOCAL "track_counts" TO {};',
    "a comment": "SET LOCAL /* */ track_counts TO {};",
    "pg_settings": "UPDATE pg_settings SET setting = '{}' WHERE name = 'track_counts';",
    "a variable": "PERFORM set_config(x, '{}', true) FROM (VALUES ('track_counts')) AS t(x);",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_counting_is_switched_off(shop: World, person: Connection, spelling: str) -> None:
    shop.seed()
    off, back = spelling.format("off"), spelling.format("on")
    person.execute(on("DELETE", "campaigns", f"{off} DELETE FROM refresh_tokens; {back}").encode())
    with suppress(SeedbedError):
        shop.reset()
    assert person.execute("SELECT count(*) FROM refresh_tokens").fetchone() == (50,)


# Our own records are left out of the comparison: a trigger empties them (of other datasets, too),
# and the run is green.


def test_a_trigger_empties_the_records(shop: World, person: Connection) -> None:
    shop.seed()
    person.execute("DELETE FROM ads WHERE id IN (SELECT id FROM ads ORDER BY id DESC LIMIT 1)")
    body = "DELETE FROM seedbed.claims; DELETE FROM seedbed.runs;"
    person.execute(on("INSERT", "ads", body).encode())
    before = person.execute("SELECT * FROM seedbed.claims ORDER BY 1, 2").fetchall()
    with suppress(SeedbedError):
        shop.seed()
    assert person.execute("SELECT * FROM seedbed.claims ORDER BY 1, 2").fetchall() == before


# -- green with rows missing ---------------------------------------------------------------------

# Names are looked up anew in every statement, and the session is pooled: after a trigger made a
# temporary table of that name, or moved search_path, rows go there, are counted there, and the
# run is green with 0 of 277 rows in public.order_events.

SHADOWS = {
    "a temporary table": "CREATE TEMP TABLE IF NOT EXISTS order_events"
    " (LIKE public.order_events INCLUDING ALL);",
    "search_path": "PERFORM set_config('search_path', 'other, public', false);",
}


@pytest.mark.parametrize("body", SHADOWS.values(), ids=SHADOWS.keys())
def test_rows_go_into_another_table_of_that_name(
    shop: World, person: Connection, body: str
) -> None:
    person.execute(
        "CREATE SCHEMA other;"
        "CREATE TABLE other.order_events (LIKE public.order_events INCLUDING ALL)"
    )
    person.execute(
        (
            function("shadow", body) + "CREATE TRIGGER shadow AFTER INSERT ON orders"
            " FOR EACH STATEMENT EXECUTE FUNCTION shadow()"
        ).encode()
    )
    try:
        said = green(shop)
    except SeedbedError:
        said = False
    held = person.execute("SELECT count(*) FROM public.order_events").fetchone()
    assert (said, held) in [(True, (277,)), (False, held)]


@entity(table="film", key=uuid_key("0001-0001"), count=exactly(2))
def movies(rows: Rows) -> Columns:
    """Two films."""
    return {"title": text(rows.number, prefix="Movie ")}


@entity(table="public.film", key=uuid_key("0001-0001"), count=exactly(3))
def again(rows: Rows) -> Columns:
    """Three films under another name of the table."""
    return {"title": text(rows.number, prefix="Again ")}


twice = Dataset("twice", HERE, (movies, again))
FILM = "CREATE TABLE film (id uuid PRIMARY KEY, title text);"


def test_one_table_has_one_name(connection: Connection) -> None:
    connection.execute(FILM.encode())
    with pytest.raises(KeyUnfit, match=r"'again': table public\.film is film: call it by one name"):
        require_keys(connection, twice)


# -- claims --------------------------------------------------------------------------------------

# A claim names schema and table as they were. After a rename, or by the name of a parent or a
# partition, a dataset that has a record of its own takes the rows of another: its reset removes
# all.


@entity(table="shelf", key=uuid_key("0001-0009"), count=exactly(2))
def shelves(rows: Rows) -> Columns:
    """Shelves."""
    return {"title": text(rows.number, prefix="Shelf ")}


teama = Dataset("teama", HERE, (movies,))
teamb = Dataset("teamb", HERE, (shelves,))
PARTED = (
    "CREATE TABLE films (id uuid PRIMARY KEY, title text) PARTITION BY HASH (id);"
    "CREATE TABLE film PARTITION OF films FOR VALUES WITH (MODULUS 1, REMAINDER 0);"
)


@pytest.mark.parametrize(
    ("schema", "migration", "table"),
    [(FILM, "ALTER TABLE film RENAME TO movie", "movie"), (PARTED, "", "films")],
    ids=["renamed", "a parent"],
)
def test_rows_of_another_dataset(
    make: Make, monkeypatch: pytest.MonkeyPatch, schema: str, migration: str, table: str
) -> None:
    make("teamb", "CREATE TABLE shelf (id uuid PRIMARY KEY, title text);").seed()
    one = make("teama", schema)
    one.seed()
    grown = replace(teamb, entities=(shelves, replace(movies, table=table)))
    monkeypatch.setattr(sys.modules[__name__], "teamb", grown)
    other = replace(one, dataset=grown)
    other.profile()
    with one.superuser() as person:
        person.execute(migration.encode())
        with suppress(SeedbedError):
            other.seed()
        with suppress(SeedbedError):
            other.reset()
        assert person.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (2,)


# Names follow search_path, and a claim of one schema does not stop a dataset with a record from
# taking the tables of another: its reset removes what nobody claimed there.


def test_a_path_that_leads_to_another_schema(shop: World, person: Connection) -> None:
    shop.seed()
    person.execute(
        "CREATE SCHEMA tenant;"
        "CREATE TABLE tenant.order_items (LIKE public.order_items INCLUDING ALL);"
        "INSERT INTO tenant.order_items SELECT * FROM public.order_items"
    )
    change = f"ALTER DATABASE {shop.owner.database} SET search_path = tenant, public"
    person.execute(change.encode())
    with suppress(SeedbedError):
        shop.reset()
    assert person.execute("SELECT count(*) FROM tenant.order_items").fetchone() == (126,)


# -- rebuilds that can never be made (a reset and a seed could) ----------------------------------


@entity(table="lesson", key=uuid_key("0001-0001"), count=exactly(5))
def lessons(rows: Rows) -> Columns:
    """Lessons on days of their own, which move with the run's."""
    return {"d": rows.number + since(rows)}


@entity(table="note", key=uuid_key("0001-0002", fan=10), count=exactly(1), per=lessons)
def notes(rows: Rows) -> Columns:
    """A note of ours for each."""
    return {"lesson_id": rows.parent.key}


@entity(table="reader", key=uuid_key("0001-0005", fan=10), count=exactly(1), per=lessons)
def readers(rows: Rows) -> Columns:
    """They point at a lesson by its day."""
    return {"d": rows.parent["d"]}


@entity(table="lesson", key=uuid_key("0001-0003"), count=exactly(5))
def evens(rows: Rows) -> Columns:
    """Even days."""
    return {"d": rows.number * 2 + since(rows)}


@entity(table="lesson", key=uuid_key("0001-0004"), count=exactly(5), after=(evens,))
def odds(rows: Rows) -> Columns:
    """Odd days."""
    return {"d": rows.number * 2 + 1 + since(rows)}


shift = Dataset("shift", HERE, (lessons, notes))
alone = Dataset("alone", HERE, (lessons,))
byday = Dataset("byday", HERE, (lessons, readers))
both = Dataset("both", HERE, (evens, odds))
LESSON = "CREATE TABLE lesson (id uuid PRIMARY KEY, d int NOT NULL UNIQUE);"
NOTE = "CREATE TABLE note (id uuid PRIMARY KEY, lesson_id uuid NOT NULL REFERENCES lesson);"

WAYS = pytest.mark.parametrize("most", [200_000, 0], ids=["one transaction", "step by step"])


# Rows that move within a unique index and have children of *ours* are pinned by those, and an
# UPDATE by one shifts them over each other.


@WAYS
def test_values_shift_under_our_own_children(make: Make, most: int) -> None:
    world = make("shift", LESSON + NOTE, rebuild_rows=most)
    world.seed()
    world.rebuild(as_of=AS_OF + DAY)


# Two entities share a table and a unique index: the first meets the old rows of the second.


@WAYS
def test_values_pass_from_one_entity_to_another(make: Make, most: int) -> None:
    world = make("both", LESSON, rebuild_rows=most)
    world.seed()
    world.rebuild(as_of=AS_OF + DAY)


# A child of ours points at a unique column, not at the key: the parent is changed before it.


@WAYS
def test_our_child_points_at_a_column_that_changes(make: Make, most: int) -> None:
    schema = LESSON + "CREATE TABLE reader (id uuid PRIMARY KEY, d int REFERENCES lesson (d));"
    world = make("byday", schema, rebuild_rows=most)
    world.seed()
    world.rebuild(as_of=AS_OF + 10 * DAY)


# A self reference to a row that a person deleted: updated before the row is added again.


@entity(table="node", key=uuid_key("0001-0001"), count=exactly(5))
def nodes(rows: Rows) -> Columns:
    """Each points at the next."""
    return {"next": objects(uuid_key("0001-0001").values(rows.number % 5 + 1))}


chain = Dataset("chain", HERE, (nodes,))


@WAYS
def test_a_self_reference_to_a_row_that_is_gone(make: Make, most: int) -> None:
    schema = "CREATE TABLE node (id uuid PRIMARY KEY, next uuid REFERENCES node);"
    world = make("chain", schema, rebuild_rows=most)
    world.seed()
    with world.superuser() as person:
        person.execute(
            "UPDATE node SET next = NULL WHERE id::text LIKE '%3';"
            "DELETE FROM node WHERE id::text LIKE '%4'"
        )
    world.rebuild()


@entity(table="odd", key=uuid_key("0001-0001"), count=exactly(2))
def oddities(rows: Rows) -> Columns:
    """Types whose equal values are written in several ways."""
    return {
        "n": objects([Decimal("1.50")] * len(rows)),
        "j": objects([{"a": 1.5}] * len(rows)),
        "f": np.zeros(len(rows)),
        "ci": text(rows.number, prefix="Abc"),
    }


odd = Dataset("odd", HERE, (oddities,))


# -- refused without a reason --------------------------------------------------------------------

# Rows of ours that pass to another partition count as deleted: a settle step, a rebuild of rows
# that ours point at, a trigger.


@entity(table="ticket", key=uuid_key("0001-0001"), count=exactly(5), staged={"status": "draft"})
def tickets(rows: Rows) -> Columns:
    """Tickets."""
    return {"status": "done"}


tickets_done = settle(tickets, "tickets_done", "status", about="Tickets get done.")
desk = Dataset("desk", HERE, (tickets,), later=(tickets_done,))
TICKET = """
    CREATE TABLE ticket (id uuid NOT NULL, status text NOT NULL, PRIMARY KEY (id, status))
        PARTITION BY LIST (status);
    CREATE TABLE ticket_draft PARTITION OF ticket FOR VALUES IN ('draft');
    CREATE TABLE ticket_done PARTITION OF ticket FOR VALUES IN ('done');
"""


@entity(table="sale", key=uuid_key("0001-0001"), count=exactly(5))
def sales(rows: Rows) -> Columns:
    """Sales, whose month moves with the run's day."""
    return {"m": rows.number + since(rows)}


@entity(
    table="part",
    key=uuid_key("0001-0002", fan=10),
    count=exactly(1),
    per=sales,
    references={"sale_id": sales},
)
def parts(rows: Rows) -> Columns:
    """What was sold; there is no foreign key to a partitioned table."""
    return {"sale_id": rows.parent.key}


market = Dataset("market", HERE, (sales, parts))
SALE = """
    CREATE TABLE sale (id uuid NOT NULL, m int NOT NULL, PRIMARY KEY (id, m))
        PARTITION BY RANGE (m);
    CREATE TABLE sale_1 PARTITION OF sale FOR VALUES FROM (0) TO (3);
    CREATE TABLE sale_2 PARTITION OF sale FOR VALUES FROM (3) TO (100);
    CREATE TABLE part (id uuid PRIMARY KEY, sale_id uuid NOT NULL);
"""


def test_an_update_moves_rows_to_another_partition(make: Make) -> None:
    make("desk", TICKET).seed()


@WAYS
def test_a_rebuild_moves_rows_to_another_partition(make: Make, most: int) -> None:
    world = make("market", SALE, rebuild_rows=most)
    world.seed()
    world.rebuild(as_of=AS_OF + DAY)


def test_a_trigger_moves_our_rows_to_another_partition(make: Make) -> None:
    body = "UPDATE sale SET m = m + 10 WHERE id = new.sale_id;"
    make("market", SALE + on("INSERT", "part", body)).seed()


# Nothing of others is touched, and the run is refused: an exclusive lock that is no TRUNCATE
# (REFRESH MATERIALIZED VIEW, CREATE TABLE … PARTITION OF), a row that the same trigger made and
# then counts on or takes away.

FINE = {
    "a materialized view": "REFRESH MATERIALIZED VIEW totals;",
    "a partition on demand": "IF to_regclass('log_new') IS NULL THEN CREATE TABLE log_new PARTITION"
    " OF log FOR VALUES FROM ('2001-01-01') TO ('2100-01-01'); END IF;"
    " INSERT INTO log VALUES (now());",
    "a tally by upsert": "INSERT INTO tally VALUES (current_date, 1), (current_date - 1, 1);"
    " UPDATE tally SET n = n + 1;",
}


@pytest.mark.parametrize("body", FINE.values(), ids=FINE.keys())
def test_an_application_s_own_affairs(shop: World, person: Connection, body: str) -> None:
    person.execute(
        "CREATE MATERIALIZED VIEW totals AS SELECT seller_id, count(*) FROM orders GROUP BY 1;"
        "CREATE TABLE log (at date) PARTITION BY RANGE (at);"
        "CREATE TABLE tally (at date PRIMARY KEY, n int)"
    )
    person.execute(
        (
            function("fine", body) + "CREATE TRIGGER fine AFTER INSERT ON orders"
            " FOR EACH STATEMENT EXECUTE FUNCTION fine()"
        ).encode()
    )
    shop.seed()


# A key of a domain over a domain over uuid.


def test_a_domain_over_a_domain(make: Make) -> None:
    schema = "CREATE DOMAIN a AS uuid; CREATE DOMAIN b AS a;"
    make("alone", schema + "CREATE TABLE lesson (id b PRIMARY KEY, d int)").seed()


SMALL = {
    one.name: one
    for one in (twice, teama, teamb, shift, alone, byday, both, chain, odd, desk, market)
}


@pytest.fixture
def make(address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes worlds of the small datasets, all in one database."""
    for name in SMALL:
        monkeypatch.setitem(sources(), name, Source(name, __name__, "tests"))

    def world(name: str, schema: str, **settings: Any) -> World:
        made = World(SMALL[name], address, address, tmp_path)
        made.profile(**settings)
        with made.superuser() as person:
            person.execute(schema.encode())
        made.mark()
        return made

    return world
