"""Attacks that broke a promise, and their kin: each leaves rows of others as they were."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from seedbed import Columns, Rows, entity, exactly, text, uuid_key
from seedbed.context.datasets import Source, dataset, sources
from seedbed.declare.entity import Dataset
from seedbed.declare.errors import BadDeclaration, SeedbedError
from seedbed.engine.order import ordered
from seedbed.postgres.connection.address import Address
from seedbed.postgres.errors import (
    CountersOff,
    Fenced,
    KeyUnfit,
    KindClaimed,
    SchemaChanged,
    Unsettled,
)
from seedbed.postgres.keyed import require_keys
from seedbed.run.remove import preview
from seedbed.steps.errors import NotRenewed
from seedbed.steps.kinds import perform
from seedbed.testing.cluster import Cluster, Connection
from seedbed.testing.contents import others, versions
from seedbed.testing.worlds import AS_OF, World, fill_all, silent

New = Callable[[Dataset], World]

DEFERRED = "CREATE CONSTRAINT TRIGGER {name} AFTER {event} ON {table} DEFERRABLE INITIALLY DEFERRED"
PLAIN = "CREATE TRIGGER {name} AFTER {event} ON {table}"


def function(name: str, body: str, more: str = "") -> str:
    """A function of the application's owner, for a trigger."""
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {more} AS "
        f"$$ BEGIN {body} RETURN NULL; END $$;"
    )


def on(event: str, table: str, body: str, *, kind: str = PLAIN, when: str = "") -> str:
    """A trigger for each row, and its function."""
    head = kind.format(name="attack", event=event, table=table)
    return function("attack", body) + f"{head} FOR EACH ROW {when} EXECUTE FUNCTION attack()"


RENAME = "UPDATE sellers SET name = name || '!' WHERE slug = 'real';"
CAUGHT = f"BEGIN {RENAME} EXCEPTION WHEN others THEN NULL; END;"
"""In a subtransaction, whose number is not the transaction's."""
LOSE = "DELETE FROM refresh_tokens;"
ONCE = "IF NOT EXISTS (SELECT FROM once) THEN INSERT INTO once VALUES (1); {} END IF;"

AGAIN = """
    IF (SELECT count(*) FROM rounds) < {most} THEN
        SET CONSTRAINTS ALL DEFERRED;
        INSERT INTO rounds VALUES (1);
    ELSE {last} END IF;
"""
"""A trigger on `rounds` that defers itself again, and does something in the last round."""


def rounds(most: int, last: str) -> str:
    """What a table whose trigger calls for itself needs, begun by a row of ours."""
    again = AGAIN.format(most=most, last=last)
    return (
        "CREATE UNLOGGED TABLE rounds (n int);"
        + function("again", again)
        + DEFERRED.format(name="again", event="INSERT", table="rounds")
        + " FOR EACH ROW EXECUTE FUNCTION again();"
    )


RESETS = {
    "a deferred trigger": on("DELETE", "order_items", LOSE, kind=DEFERRED),
    "a deferred trigger in the third round": rounds(3, LOSE)
    + on("DELETE", "order_items", ONCE.format("INSERT INTO rounds VALUES (1);"), kind=DEFERRED),
    "a subtransaction": on("DELETE", "seller_users", CAUGHT),
    "a deferred subtransaction": on("DELETE", "seller_users", CAUGHT, kind=DEFERRED),
    "a subtransaction in one": on("DELETE", "seller_users", CAUGHT.replace(RENAME, CAUGHT)),
    "a subtransaction that takes one row back": on(
        "DELETE",
        "seller_users",
        "BEGIN DELETE FROM refresh_tokens; RAISE 'x'; EXCEPTION WHEN others THEN NULL; END;"
        + CAUGHT,
    ),
    "a swap of one row of ours for one of others": function(
        "attack",
        "DELETE FROM refresh_tokens WHERE token_hash LIKE '%example1'; ",
    )
    + "CREATE TRIGGER attack AFTER DELETE ON users FOR EACH STATEMENT EXECUTE FUNCTION attack()",
    "a key of ours for a row of others": on(
        "DELETE",
        "seller_users",
        "UPDATE sellers SET id = '00000000-5eed-0001-0002-000000000777' WHERE slug = 'real';",
        kind=DEFERRED,
    ),
    "a rule": "CREATE RULE attack AS ON DELETE TO order_events DO ALSO DELETE FROM refresh_tokens",
    "a truncate in a subtransaction": on(
        "DELETE",
        "seller_users",
        "BEGIN TRUNCATE refresh_tokens; EXCEPTION WHEN others THEN NULL; END;",
    ),
    "a drop": on("DELETE", "seller_users", "DROP TABLE IF EXISTS refresh_tokens;", kind=DEFERRED),
    "a foreign key that was deferred": (
        "CREATE TABLE diary (id int PRIMARY KEY, item uuid);"
        "INSERT INTO diary SELECT 1, NULL;"
        + on("DELETE", "order_items", "UPDATE diary SET item = old.id;", kind=DEFERRED)
    ),
}


@pytest.mark.parametrize("attack", RESETS.values(), ids=RESETS.keys())
def test_a_reset_that_does_more_is_undone(shop: World, person: Connection, attack: str) -> None:
    person.execute("CREATE TABLE once (n int)")
    shop.seed()
    person.execute(attack.encode())
    before = versions(person)
    with pytest.raises(Fenced):
        shop.reset()
    assert versions(person) == before


SEEDS = {
    "a deferred trigger": on("INSERT", "order_items", LOSE, kind=DEFERRED),
    "a plain trigger": on("INSERT", "order_items", LOSE),
    "a subtransaction": on("INSERT", "seller_users", CAUGHT),
    "a deferred subtransaction": on("INSERT", "seller_users", CAUGHT, kind=DEFERRED),
    "the third round": rounds(3, RENAME)
    + on("INSERT", "orders", ONCE.format("INSERT INTO rounds VALUES (1);"), kind=DEFERRED),
    "a truncate": on("INSERT", "order_items", "TRUNCATE refresh_tokens;", kind=DEFERRED),
    "a table of others": "CREATE TABLE counts (n int); INSERT INTO counts VALUES (0);"
    + on("INSERT", "orders", "UPDATE counts SET n = n + 1;"),
}


@pytest.mark.parametrize("attack", SEEDS.values(), ids=SEEDS.keys())
def test_a_seed_that_changes_rows_of_others_keeps_nothing_of_that_step(
    shop: World, person: Connection, attack: str
) -> None:
    person.execute("CREATE TABLE once (n int)")
    person.execute(attack.encode())
    before = others(person, shop.dataset)
    with pytest.raises(Fenced):
        shop.seed()
    assert others(person, shop.dataset) == before


@pytest.mark.parametrize("attack", [DEFERRED, PLAIN])
def test_a_roll_that_changes_rows_of_others_is_undone(
    shop: World, person: Connection, attack: str
) -> None:
    shop.seed()
    person.execute(on("DELETE", "sellpage_stats_daily", CAUGHT + LOSE, kind=attack).encode())
    before = others(person, shop.dataset)
    with pytest.raises(Fenced):
        shop.seed(as_of=AS_OF.replace(month=4, day=2))
    assert others(person, shop.dataset) == before


def test_a_trigger_without_end_is_refused(shop: World, person: Connection) -> None:
    person.execute(
        (
            rounds(10_000, "NULL;")
            + on("INSERT", "orders", "INSERT INTO rounds VALUES (1);", kind=DEFERRED)
        ).encode()
    )
    with pytest.raises(Unsettled, match="deferred triggers still change rows"):
        shop.seed()


def test_what_an_application_does_with_rows_of_its_own_is_its_right(
    shop: World, person: Connection
) -> None:
    person.execute("CREATE TABLE audit (what text)")
    log = function("log", "INSERT INTO audit VALUES (TG_TABLE_NAME);")
    count = function("tally", "UPDATE sellpages SET slug = slug WHERE id = new.sellpage_id;")
    person.execute(
        (
            log
            + count
            + DEFERRED.format(name="log", event="INSERT", table="orders")
            + " FOR EACH ROW EXECUTE FUNCTION log();"
            + "CREATE TRIGGER tally AFTER INSERT ON orders"
            + " FOR EACH ROW EXECUTE FUNCTION tally()"
        ).encode()
    )
    shop.seed()
    assert person.execute("SELECT count(*) FROM audit").fetchone() == (100,)


@pytest.mark.parametrize(
    ("body", "more"),
    [
        (LOSE, "SET track_counts = off"),
        (f"PERFORM set_config('track_counts', 'off', true); {LOSE}", ""),
        (f"SET LOCAL track_counts = off; {LOSE}", ""),
    ],
)
def test_a_function_that_stops_the_counting_is_refused(
    shop: World, person: Connection, body: str, more: str
) -> None:
    shop.seed()
    person.execute(
        (
            function("attack", body, more)
            + "CREATE TRIGGER attack AFTER DELETE ON order_items FOR EACH ROW"
            " EXECUTE FUNCTION attack()"
        ).encode()
    )
    before = versions(person)
    with pytest.raises(CountersOff, match=r"function attack\(\) switches track_counts off"):
        shop.reset()
    assert versions(person) == before


def test_counting_that_is_off_at_the_end_is_noticed(shop: World, person: Connection) -> None:
    shop.seed()
    hidden = "EXECUTE 'SET LOCAL track' || '_counts = off';"
    person.execute(on("DELETE", "order_items", hidden + LOSE).encode())
    before = versions(person)
    with pytest.raises(CountersOff, match="a function that this transaction called"):
        shop.reset()
    assert versions(person) == before


def test_a_row_written_through_a_foreign_table_is_noticed(shop: World, person: Connection) -> None:
    if not person.execute(
        "SELECT FROM pg_available_extensions WHERE name = 'postgres_fdw'"
    ).rowcount:
        pytest.skip("this server has no postgres_fdw")
    shop.seed()
    owner = shop.owner
    person.execute(
        f"""
        CREATE EXTENSION postgres_fdw;
        CREATE SERVER here FOREIGN DATA WRAPPER postgres_fdw
            OPTIONS (host '{owner.host}', port '{owner.port}', dbname '{owner.database}');
        CREATE USER MAPPING FOR PUBLIC SERVER here
            OPTIONS (user '{owner.user}', password '{owner.password}');
        CREATE FOREIGN TABLE afar (id uuid, token_hash text) SERVER here
            OPTIONS (table_name 'refresh_tokens');
        """.encode()
    )
    person.execute(on("DELETE", "order_items", "DELETE FROM afar;").encode())
    before = versions(person)
    with pytest.raises(Fenced, match=r"public\.afar: a foreign table"):
        shop.reset()
    assert versions(person) == before
    with shop.opened("plan") as opened:
        assert preview(opened).warnings == (
            "a trigger of order_items calls attack(), which names the foreign table afar: if it "
            "writes there, the step is undone",
        )


# -- green with rows missing ---------------------------------------------------------------------


def test_a_deferred_trigger_that_takes_rows_of_the_step_fails_it(
    shop: World, person: Connection
) -> None:
    body = "DELETE FROM order_items WHERE id = new.id;"
    when = "WHEN (new.quantity > 1)"
    person.execute(on("INSERT", "order_items", body, kind=DEFERRED, when=when).encode())
    with pytest.raises(SeedbedError, match="order_items"):
        shop.seed()
    assert person.execute("SELECT count(*) FROM order_items").fetchone() == (0,)


def test_a_trigger_of_a_later_step_that_takes_rows_of_an_earlier_one_fails_it(
    shop: World, person: Connection
) -> None:
    shop.seed()
    person.execute("DELETE FROM ads WHERE id IN (SELECT id FROM ads ORDER BY id DESC LIMIT 1)")
    body = "DELETE FROM order_items WHERE id IN (SELECT id FROM order_items ORDER BY id LIMIT 5);"
    person.execute(
        (
            function("attack", body)
            + "CREATE TRIGGER attack AFTER INSERT ON ads FOR EACH STATEMENT"
            " EXECUTE FUNCTION attack()"
        ).encode()
    )
    with pytest.raises(Fenced, match="order_items: 5 deleted instead of 0"):
        shop.seed()
    assert person.execute("SELECT count(*) FROM order_items").fetchone() == (126,)


# -- keys ------------------------------------------------------------------------------------------


FILM = uuid_key("0001-0001", column="seed_key")


@entity(table="film", key=FILM, count=exactly(2))
def films(rows: Rows) -> Columns:
    """Two films."""
    return {"id": rows.number, "title": text(rows.number, prefix="Film ")}


cinema = Dataset("cinema", Path(__file__).parent, (films,))


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("seed_key uuid UNIQUE", "can be NULL"),
        ("seed_key uuid NOT NULL", "has no unique index"),
        ("seed_key uuid NOT NULL, UNIQUE (seed_key, id)", "has no unique index"),
        ("seed_key text NOT NULL UNIQUE", "is not of type uuid"),
    ],
)
def test_a_column_that_tells_nobody_apart_is_no_key(
    connection: Connection, column: str, said: str
) -> None:
    connection.execute(f"CREATE TABLE film (id int PRIMARY KEY, title text, {column})".encode())
    with pytest.raises(KeyUnfit, match=said):
        require_keys(connection, cinema)


def test_a_partial_index_makes_no_key(connection: Connection) -> None:
    connection.execute(
        "CREATE TABLE film (id int PRIMARY KEY, title text, seed_key uuid NOT NULL);"
        "CREATE UNIQUE INDEX ON film (seed_key) WHERE title > ''"
    )
    with pytest.raises(KeyUnfit, match="has no unique index"):
        require_keys(connection, cinema)


def test_a_text_beyond_the_largest_number_is_somebody_elses(fresh: New) -> None:
    world = fresh(dataset("therapy"))
    world.seed()
    with world.superuser() as person:
        person.execute(
            """INSERT INTO "User" (id, email, "firstName", "lastName", role, "updatedAt")
            SELECT 'c5eedcu00000zzzzzzzzzzzzz', 'real@town.example', 'R', 'L', role, now()
            FROM "User" LIMIT 1"""
        )
        before = others(person, world.dataset)
        assert "c5eedcu00000zzzzzzzzzzzzz" in str(before["public.User"])
        world.reset()
        assert others(person, world.dataset) == before


# -- whose rows ------------------------------------------------------------------------------------


@entity(table="film", key=uuid_key("0001-0001"), count=exactly(2))
def movies(rows: Rows) -> Columns:
    """Two films of another team."""
    return {"title": text(rows.number, prefix="Movie ")}


@entity(table="film", key=uuid_key("0001-0002"), count=exactly(2))
def shorts(rows: Rows) -> Columns:
    """Two films under keys of their own."""
    return {"title": text(rows.number, prefix="Short ")}


teama = Dataset("teama", Path(__file__).parent, (movies,))
teamb = Dataset("teamb", Path(__file__).parent, (movies,))
teamc = Dataset("teamc", Path(__file__).parent, (shorts,))
TEAMS = {one.name: one for one in (teama, teamb, teamc)}


@pytest.fixture
def film(address: Address, tmp_path: Path) -> Iterator[Callable[[str], World]]:
    """One table, and a world in it for every team."""
    with Cluster(address).connect() as person:
        person.execute("CREATE TABLE film (id uuid PRIMARY KEY, title text)")
    with pytest.MonkeyPatch.context() as patch:
        for name in TEAMS:
            patch.setitem(sources(), name, Source(name, __name__, "tests"))

        def world(name: str) -> World:
            made = World(TEAMS[name], address, address, tmp_path)
            made.profile()
            made.mark()
            return made

        yield world


@pytest.mark.parametrize("verb", ["seed", "reset", "verify", "plan", "refresh"])
def test_a_kind_that_another_dataset_has_claimed_is_refused(
    film: Callable[[str], World], verb: str
) -> None:
    film("teama").seed()
    film("teamc").seed()
    with film("teama").superuser() as person:
        before = versions(person)
        said = "the keys 00000000-5eed-0001-0001-… of film .* belong to dataset 'teama'"
        with pytest.raises(KindClaimed, match=said), film("teamb").opened(verb):
            pass
        assert versions(person) == before
        film("teamc").reset()
        assert person.execute("SELECT count(*) FROM film").fetchone() == (2,)
        film("teama").reset()
        film("teamb").seed()
        assert person.execute("SELECT count(*) FROM film").fetchone() == (2,)


def test_a_database_of_an_earlier_version_is_brought_forward_with_its_rows(
    film: Callable[[str], World],
) -> None:
    film("teama").seed()
    with film("teama").superuser() as person:
        person.execute("DROP TABLE seedbed.claims; ALTER TABLE seedbed.runs DROP updated")
        before = others(person, TEAMS["teama"])["public.film"], film("teama").digests()
        with pytest.raises(KindClaimed, match="belong to dataset 'teama'"):
            film("teamb").seed()
        film("teama").seed()
        found = person.execute("SELECT relation, scheme, dataset FROM seedbed.claims").fetchall()
        assert found == [("public.film", "00000000-5eed-0001-0001-", "teama")]
        assert before == (others(person, TEAMS["teama"])["public.film"], film("teama").digests())
        film("teama").reset()
        assert person.execute("SELECT count(*) FROM film").fetchone() == (0,)


def test_two_entities_of_one_kind_in_one_table_are_no_declaration() -> None:
    with pytest.raises(BadDeclaration, match="makes the keys of 'movies' in film"):
        Dataset("both", Path(), (movies, replace(movies, columns=shorts.columns)))


# -- a migration in the middle -----------------------------------------------------------------


MIGRATIONS = {
    "ALTER TABLE order_items ALTER quantity DROP DEFAULT, ALTER quantity TYPE real": "quantity",
    "ALTER TABLE order_items ALTER quantity TYPE bigint": "quantity",
    "ALTER TABLE order_items DROP quantity, ADD quantity real": "quantity",
}


@pytest.mark.parametrize(("migration", "column"), MIGRATIONS.items())
def test_a_type_that_changes_before_a_load_stops_it(
    shop: World, person: Connection, migration: str, column: str
) -> None:
    with shop.opened() as opened:
        person.execute(migration.encode())
        said = f"table order_items was changed while the run was under way: column {column}"
        with pytest.raises(SchemaChanged, match=said):
            fill_all(opened)
    assert person.execute("SELECT count(*) FROM order_items").fetchone() == (0,)


def test_a_label_that_is_renamed_during_a_load_stops_it(shop: World, person: Connection) -> None:
    renamed: list[int] = []

    def rename(rows: int) -> None:
        if not renamed:
            person.execute("ALTER TYPE campaign_status RENAME VALUE 'PAUSED' TO 'ON_HOLD'")
            renamed.append(rows)

    with shop.opened() as opened:
        by_name = {one.name: one for one in ordered(opened.dataset.steps)}
        for name, step in by_name.items():
            if name == "campaigns":
                said = "campaigns was changed .*: type campaign_status was .*PAUSED.* is .*ON_HOLD"
                with pytest.raises(SchemaChanged, match=said):
                    perform(opened, step, rename)
                break
            perform(opened, step, silent)
    assert person.execute("SELECT count(*) FROM campaigns").fetchone() == (0,)


# -- removal before proof ----------------------------------------------------------------------


BREAKS = [
    "ALTER TYPE campaign_status RENAME VALUE 'PAUSED' TO 'ON_HOLD'",
    "ALTER TABLE campaigns ADD CHECK (name > 'zzz') NOT VALID",
    "ALTER TABLE ads ADD COLUMN must text; UPDATE ads SET must = '';"
    "ALTER TABLE ads ADD CHECK (must IS NOT NULL)",
]


@pytest.mark.parametrize("most", [0, 200_000])
@pytest.mark.parametrize("change", BREAKS)
def test_a_rebuild_that_cannot_be_made_leaves_the_old_rows(
    shop: World, person: Connection, change: str, most: int
) -> None:
    shop.profile(rebuild_rows=most)
    shop.seed()
    person.execute("DELETE FROM ads WHERE id IN (SELECT id FROM ads ORDER BY id LIMIT 3)")
    person.execute(change.encode())
    before = versions(person)
    with pytest.raises(SeedbedError):
        shop.rebuild(as_of=AS_OF.replace(month=5))
    assert versions(person) == before


# -- rows that the application's triggers make for ours ------------------------------------------


LOG = """
    CREATE TABLE order_log (
        id serial PRIMARY KEY, order_id uuid REFERENCES orders ON DELETE CASCADE);
    CREATE TABLE log_reads (log_id int REFERENCES order_log);
    CREATE TABLE outbox (id serial PRIMARY KEY, of_row text NOT NULL, what text NOT NULL);
    CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'INSERT' THEN INSERT INTO order_log (order_id) VALUES (new.id); END IF;
        INSERT INTO outbox (of_row, what) VALUES (coalesce(new.id, old.id)::text, TG_OP);
        RETURN NULL; END $$;
    CREATE TRIGGER log AFTER INSERT OR UPDATE OR DELETE ON orders
        FOR EACH ROW EXECUTE FUNCTION log();
    INSERT INTO outbox (of_row, what) VALUES ('10000000-0000-4000-8000-000000000001', 'real'),
        ('no key at all', 'real')
"""
MADE = {"commerce": {"order_log": {"order_id": "orders"}, "outbox": {"of_row": "orders"}}}


@pytest.fixture
def logged(shop: World, person: Connection) -> World:
    """A shop whose application logs orders, and says so in its profile."""
    person.execute(LOG.encode())
    shop.profile(made_by_triggers=MADE)
    shop.seed()
    return shop


def count(person: Connection, table: str) -> int:
    return len(person.execute(f"SELECT FROM {table}".encode()).fetchall())


def test_what_a_trigger_made_for_ours_goes_with_ours(logged: World, person: Connection) -> None:
    assert (count(person, "order_log"), count(person, "outbox")) == (100, 102)
    before = others(person, logged.dataset)
    gone = logged.reset(strict=True)
    assert gone.tables["order_log"] == 100
    assert gone.tables["outbox"] == 200  # those of the deletion, too
    assert (count(person, "order_log"), count(person, "orders")) == (0, 0)
    real = [row for row in others(person, logged.dataset)["public.outbox"] if "real" in row]
    assert set(real) == others(person, logged.dataset)["public.outbox"] <= before["public.outbox"]


def test_without_a_word_a_log_keeps_every_order_whole(shop: World, person: Connection) -> None:
    person.execute(
        LOG.replace("INSERT INTO outbox (of_row, what) VALUES (coalesce", "-- ").encode()
    )
    shop.seed()
    gone = shop.reset()
    assert "order_log" in {pin.by.removeprefix("public.") for pin in gone.pins}
    assert (count(person, "orders"), count(person, "order_items")) == (100, 126)


def test_a_row_of_others_that_needs_a_log_line_keeps_its_order(
    logged: World, person: Connection
) -> None:
    person.execute("INSERT INTO log_reads SELECT min(id) FROM order_log")
    gone = logged.reset()
    assert (count(person, "orders"), count(person, "order_log"), count(person, "log_reads")) == (
        1,
        1,
        1,
    )
    assert {(pin.table, pin.by, pin.along) for pin in gone.pins} >= {
        ("order_log", "public.log_reads", False),
        ("orders", "public.order_log", False),
        ("outbox", "orders", True),
        ("order_items", "orders", True),
    }
    assert count(person, "order_items") > 0
    (held,) = person.execute(
        "SELECT count(*) FROM outbox WHERE of_row IN (SELECT id::text FROM orders)"
    ).fetchall()
    assert held == (1,)


def test_a_rebuild_changes_an_order_that_a_log_points_at(logged: World, person: Connection) -> None:
    person.execute("UPDATE orders SET notes = 'edited' WHERE id::text LIKE '%001'")
    keys = person.execute("SELECT id, order_id FROM order_log ORDER BY 1").fetchall()
    later = AS_OF.replace(month=5)
    logged.rebuild(as_of=later)
    assert person.execute("SELECT count(*) FROM orders WHERE notes = 'edited'").fetchone() == (0,)
    assert person.execute("SELECT id, order_id FROM order_log ORDER BY 1").fetchall() == keys
    (days,) = person.execute("SELECT %s - max(created_at)::date FROM orders", (later,)).fetchall()
    assert days[0] <= 2


def test_a_trigger_that_resists_a_rebuild_fails_it(shop: World, person: Connection) -> None:
    shop.seed()
    person.execute(
        """CREATE FUNCTION resist() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN new.created_at := old.created_at; RETURN new; END $$;
        CREATE TRIGGER resist BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION resist()"""
    )
    before = versions(person)
    with pytest.raises(NotRenewed, match="100 differ from their declaration"):
        shop.rebuild(as_of=AS_OF.replace(month=5))
    assert versions(person) == before


def test_a_table_that_the_transaction_itself_has_locked_is_not_waited_for(
    shop: World, person: Connection
) -> None:
    body = f"LOCK TABLE sellers IN ACCESS EXCLUSIVE MODE; {RENAME}"
    person.execute(on("INSERT", "seller_users", body).encode())
    started = time.monotonic()
    with pytest.raises(Fenced, match="sellers: 0 deleted instead of 0, 1 updated"):
        shop.seed()
    assert time.monotonic() - started < 30
