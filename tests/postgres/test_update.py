"""An update brings columns to their value, touches no other row, and respects edits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from seedbed import Columns, Rows, Table, entity, exactly, settle, text, update, uuid_key
from seedbed.declare.entity import Dataset, Entity
from seedbed.declare.errors import BadDeclaration
from seedbed.declare.update import Update
from seedbed.engine.order import ordered, selected
from seedbed.engine.plan import told
from seedbed.engine.run import Run
from seedbed.postgres import read, reflect
from seedbed.postgres.catalogue import catalogue_of
from seedbed.postgres.copy import load
from seedbed.postgres.drift import drift
from seedbed.postgres.revise import Pending, pending, revise
from seedbed.postgres.snapshot import Snapshot
from seedbed.testing.cluster import Connection

DAY = date(2026, 11, 21)

SCHEMA = """
    CREATE TYPE state AS ENUM ('draft', 'published', 'archived');
    CREATE TABLE shows (id uuid PRIMARY KEY, title text NOT NULL, state state NOT NULL,
                        about jsonb, score numeric(4,1) NOT NULL DEFAULT 0, votes int NOT NULL
                        DEFAULT 0, changed timestamptz NOT NULL DEFAULT now());
    CREATE TABLE ratings (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
                          show_id uuid NOT NULL REFERENCES shows, stars int NOT NULL);
    CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN NEW.changed := clock_timestamp(); RETURN NEW; END';
    CREATE TRIGGER stamped BEFORE UPDATE ON shows FOR EACH ROW EXECUTE FUNCTION stamp();
"""


@entity(
    table="shows",
    key=uuid_key("0001-0001"),
    count=exactly(4),
    staged={"state": "draft", "about": {}},
    stamped={"changed"},
)
def shows(rows: Rows) -> Columns:
    """Three shows are out, the fourth is a draft."""
    states = ["published", "published", "published", "draft"]
    return {
        "title": text(rows.position + 1, prefix="show "),
        "state": pd.Categorical([states[place] for place in rows.position]),
        "about": {"year": 2026},
    }


shows_published = settle(shows, "shows_published", "state", about="Shows go out.")
shows_told = settle(
    shows, "shows_told", "about", after=(shows_published,), about="Shows say what they are."
)

ratings = Table("ratings", "ratings", ("show_id", "stars"), after=None)


@update(shows, upstream=(ratings,))
def shows_rated(rows: Rows, ratings: pd.DataFrame) -> Columns:
    """The score is the mean of all ratings, whoever gave them."""
    stars = ratings["stars"].astype(float).groupby(ratings["show_id"]).mean()
    votes = ratings["show_id"].value_counts()
    return {
        "score": stars.reindex(rows.names, fill_value=0.0)
        .map("{:.1f}".format)
        .map(Decimal)
        .to_numpy(),
        "votes": votes.reindex(rows.names, fill_value=0).to_numpy(),
    }


cinema = Dataset("cinema", Path(), (shows,), later=(shows_published, shows_told, shows_rated))


@pytest.fixture
def screen(connection: Connection) -> Iterator[Connection]:
    """The four shows as they are when they have just been added."""
    connection.execute(SCHEMA)
    run = at(connection)
    columns = reflect.fit(catalogue_of(connection, cinema), shows, run).columns
    gap = read.Gap(connection, shows, run, 3)
    assert load.copy(connection, shows, columns, gap, ahead=False) == 4
    yield connection


def at(connection: Connection) -> Run:
    return Run(
        "cinema",
        42,
        DAY,
        DAY,
        1,
        read=Snapshot(connection, cinema, catalogue_of(connection, cinema)),
    )


def due(connection: Connection, step: Update) -> Pending:
    run = at(connection)
    return pending(
        connection, step, run, reflect.fit(catalogue_of(connection, cinema), step, run).columns, 3
    )


def done(connection: Connection, step: Update) -> Pending:
    run = at(connection)
    return revise(
        connection, step, run, reflect.fit(catalogue_of(connection, cinema), step, run).columns, 3
    )


def states(connection: Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT state::text FROM shows ORDER BY id")]


def versions(connection: Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT xmin::text || ctid FROM shows")]


def test_rows_are_added_with_their_staged_values(screen: Connection) -> None:
    assert states(screen) == ["draft"] * 4
    assert screen.execute("SELECT DISTINCT about FROM shows").fetchall() == [({},)]


def test_an_update_changes_the_rows_that_differ_and_no_other(screen: Connection) -> None:
    assert due(screen, shows_published) == Pending(target=4, present=4, changing=3)
    assert done(screen, shows_published) == Pending(target=4, present=4, changing=3)
    assert states(screen) == ["published", "published", "published", "draft"]
    before = versions(screen)
    assert done(screen, shows_published) == Pending(target=4, present=4, changing=0)
    assert versions(screen) == before
    # One column's update leaves the other as it was staged.
    assert screen.execute("SELECT DISTINCT about FROM shows").fetchall() == [({},)]


def test_what_a_person_wrote_is_not_brought_back(screen: Connection) -> None:
    done(screen, shows_published)
    screen.execute("UPDATE shows SET state = 'archived' WHERE title = 'show 2'")
    assert due(screen, shows_published).changing == 0
    assert done(screen, shows_published).changing == 0
    assert states(screen) == ["published", "archived", "published", "draft"]


def test_a_row_that_came_back_is_the_only_one_that_is_changed(screen: Connection) -> None:
    done(screen, shows_published)
    screen.execute("DELETE FROM shows WHERE title = 'show 2'")
    assert due(screen, shows_published) == Pending(target=4, present=3, changing=0)
    run = at(screen)
    load.copy(
        screen,
        shows,
        reflect.fit(catalogue_of(screen, cinema), shows, run).columns,
        read.Gap(screen, shows, run, 3),
        ahead=False,
    )
    assert done(screen, shows_published) == Pending(target=4, present=4, changing=1)
    assert states(screen) == ["published", "published", "published", "draft"]


def test_a_staged_value_is_a_gap_and_not_an_edit(screen: Connection) -> None:
    run = at(screen)
    columns = reflect.fit(catalogue_of(screen, cinema), shows, run).columns
    assert drift(screen, shows, run, columns, 3) is None
    done(screen, shows_published)
    done(screen, shows_told)
    assert drift(screen, shows, run, columns, 3) is None
    screen.execute("UPDATE shows SET state = 'archived', title = 'mine' WHERE title = 'show 2'")
    found = drift(screen, shows, run, columns, 3)
    assert found is not None
    assert (found.rows, found.columns) == (1, ("title", "state"))


def test_columns_that_follow_from_rows_of_others_are_kept_up_to_date(screen: Connection) -> None:
    assert due(screen, shows_rated).changing == 0
    screen.execute(
        "INSERT INTO ratings (show_id, stars) SELECT id, n FROM shows, generate_series(2, 3) n "
        "WHERE title = 'show 1'"
    )
    assert done(screen, shows_rated) == Pending(target=4, present=4, changing=1)
    screen.execute("UPDATE shows SET score = 5 WHERE title = 'show 3'")
    assert done(screen, shows_rated).changing == 1
    found = screen.execute("SELECT score::text, votes FROM shows ORDER BY id").fetchall()
    assert found == [("2.5", 2), ("0.0", 0), ("0.0", 0), ("0.0", 0)]


def test_updates_come_after_the_rows_and_after_what_they_wait_for() -> None:
    names = [one.name for one in ordered(cinema.steps)]
    assert names.index("shows") < names.index("shows_published") < names.index("shows_told")
    assert [one.name for one in selected(cinema, ["shows_told"], upstream=True)] == [
        "shows",
        "shows_published",
        "shows_told",
    ]


def test_only_staged_columns_can_be_settled() -> None:
    said = r"entity 'early' settles \['title'\], which shows does not stage"
    with pytest.raises(BadDeclaration, match=said):
        settle(shows, "early", "title", about="No.")


def test_an_update_takes_what_it_declares() -> None:
    with pytest.raises(BadDeclaration, match=r"takes \['scores'\] but declares upstream \[\]"):

        @update(shows)
        def wrong(rows: Rows, scores: pd.DataFrame) -> Columns:
            return {}


def test_a_column_that_the_table_does_not_have_is_named(screen: Connection) -> None:
    @update(shows)
    def renamed(rows: Rows) -> Columns:
        return {"grade": rows.position}

    found = reflect.fit(catalogue_of(screen, cinema), renamed, at(screen)).found
    assert told(found) == ("entity 'renamed': table shows has no column 'grade'",)


def test_an_entity_waits_for_the_steps_that_it_names() -> None:
    @entity(table="trailers", key=uuid_key("0001-0002"), per=shows, after=(shows_published,))
    def trailers(rows: Rows) -> Columns:
        return {}

    made: Entity = trailers
    assert [one.name for one in made.above] == ["shows", "shows_published"]
