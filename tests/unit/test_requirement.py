"""Requirement: rows of any origin count, and what a parent lacks is made good."""

from __future__ import annotations

import uuid
from collections.abc import Hashable, Iterable, Mapping
from datetime import date

import numpy as np
import pandas as pd
import pytest

from seedbed import (
    SEEDED,
    Columns,
    Table,
    at_least,
    choose,
    entity,
    exactly,
    text_key,
    uuid_key,
    view,
)
from seedbed.declare.choice import Choice
from seedbed.declare.counts import Requirement
from seedbed.declare.entity import Entity
from seedbed.declare.errors import BadDeclaration
from seedbed.engine.requirement import Lack, Need, counted_in, need, own_of, own_table
from seedbed.engine.rows import Rows
from seedbed.engine.run import Run, as_frame
from seedbed.engine.target import chunks

DAY = date(2026, 11, 21)

readers = Table("readers", "readers", ())
books = Table("books", "books", ("title",))
returned = Table("returned loans", "loans", ("reader", "state"))


@view(returned)
def late(loans: pd.DataFrame) -> pd.DataFrame:
    """Those that came back late."""
    return loans[loans["state"] == "late"]


@entity(table="loans", key=text_key("ln"), per=readers, count=at_least("name", of="reader"))
def loans(rows: Rows) -> Columns:
    return {"reader": rows.parent.key}


def lending(choice: Choice) -> Entity:
    @entity(
        table="loans",
        key=text_key("ln"),
        per=readers,
        count=at_least("name", of="reader"),
        choose=choice,
    )
    def loans(rows: Rows) -> Columns:
        return {"reader": rows.parent.key, "book": rows.chosen["id"].to_numpy()}

    return loans


def run(others: Iterable[str] = (), *, of_readers: int = 2, minimum: int = 3) -> Run:
    """`others` are the readers of the loans that others wrote."""
    lent = pd.DataFrame({"reader": pd.Series(list(others), dtype=object)})
    book = pd.DataFrame({"id": ["b0", "b1", "b2", "b3"], "title": "", SEEDED: 0})
    frames = {
        "readers": pd.DataFrame({"id": [f"r{at}" for at in range(of_readers)], SEEDED: 0}),
        "books": book,
        "others in loans": lent.assign(id="other", **{SEEDED: 0}),
        "all in loans": pd.DataFrame({"id": [], "reader": [], "book": [], SEEDED: []}),
    }
    requirements = {"name": minimum}
    return Run("library", 42, DAY, DAY, 1, requirements, read=lambda table: frames[table.name])


def places(rows: Rows) -> list[tuple[str, int]]:
    """The reader and the position of every row."""
    return [(f"r{of}", at) for of, at in zip(rows.index, rows.position.tolist(), strict=True)]


class Shelf:
    """The rows of ours as a database would hold them, by (reader, position)."""

    def __init__(self, of: Entity, at: Run) -> None:
        self.entity, self.run = of, at
        self.held = pd.DataFrame(
            {"id": [], "reader": [], "book": [], "place": [], SEEDED: np.zeros(0, np.int64)}
        )

    def fill(self) -> Need:
        got = need(self.entity, self.run, self.held)
        if len(got.rows):
            made = as_frame(got.rows).assign(**{SEEDED: got.rows.number})
            made["place"] = places(got.rows)
            self.held = pd.concat([self.held, made], ignore_index=True)
        return got

    def lose(self, *gone: tuple[str, int]) -> None:
        lost = self.held["place"].isin(list(gone))
        assert lost.sum() == len(gone)
        self.held = self.held[~lost]

    def give(self, place: tuple[str, int], reader: str) -> None:
        given = self.held["place"] == place
        assert given.sum() == 1
        self.held.loc[given, "reader"] = reader

    def at(self, place: tuple[str, int]) -> Mapping[Hashable, object]:
        row: Mapping[Hashable, object] = self.held[self.held["place"] == place].iloc[0].to_dict()
        return row


def full(of: Entity, at: Run) -> Shelf:
    shelf = Shelf(of, at)
    shelf.fill()
    return shelf


def said(got: Need) -> list[str]:
    return [str(one) for one in got.lacking]


# -- what is lacking ----------------------------------------------------------------------------


def test_every_parent_without_rows_lacks_the_whole_minimum() -> None:
    got = Shelf(loans, run()).fill()
    assert places(got.rows) == [("r0", 0), ("r0", 1), ("r0", 2), ("r1", 0), ("r1", 1), ("r1", 2)]
    assert got.lacking == (Lack("r0", 3, 0), Lack("r1", 3, 0))
    assert got.unmet == 0


def test_rows_of_others_count() -> None:
    got = Shelf(loans, run(["r0", "r1", "r0", "r1", "r1", "r1"])).fill()
    assert places(got.rows) == [("r0", 0)]
    assert said(got) == ["r0 needs 1"]


def test_rows_of_others_with_unknown_parents_or_none_do_not_count() -> None:
    got = Shelf(loans, run(["r7", None, "r0"], of_readers=1)).fill()  # type: ignore[list-item]
    assert places(got.rows) == [("r0", 0), ("r0", 1)]


def test_nothing_is_lacking_once_it_is_filled() -> None:
    shelf = full(loans, run(["r0"]))
    assert len(shelf.held) == 5
    again = shelf.fill()
    assert (len(again.rows), again.lacking) == (0, ())


def test_the_first_fill_is_the_target() -> None:
    at = run(["r1"], of_readers=4)
    (whole,) = chunks(loans, at, 100)
    made = Shelf(loans, at).fill().rows
    assert made.names == whole.names
    assert places(made) == places(whole)


def test_no_parents_lack_nothing() -> None:
    got = Shelf(loans, run(of_readers=0)).fill()
    assert (len(got.rows), got.lacking) == (0, ())


def test_a_minimum_of_0_lacks_nothing() -> None:
    assert Shelf(loans, run(minimum=0)).fill().lacking == ()


def test_rows_of_others_in_the_frame_of_our_own_are_left_alone() -> None:
    at = run(of_readers=1)
    own = pd.DataFrame({"id": ["x"], "reader": ["r0"], SEEDED: [0]})
    assert places(need(loans, at, own).rows) == [("r0", 0), ("r0", 1), ("r0", 2)]


def test_an_unknown_requirement_is_an_error() -> None:
    at = Run("library", 42, DAY, DAY, 1, {"loan": 3}, read=run().read)
    with pytest.raises(BadDeclaration) as caught:
        Shelf(loans, at).fill()
    assert caught.value.problem == ("fails: unknown requirement of library 'name'; known: loan")


# -- the lowest free positions ------------------------------------------------------------------


def test_deleted_rows_come_back_at_their_own_positions() -> None:
    shelf = full(loans, run())
    before = shelf.held.sort_values("id")["id"].to_list()
    shelf.lose(("r0", 1), ("r1", 0), ("r1", 2))
    assert places(shelf.fill().rows) == [("r0", 1), ("r1", 0), ("r1", 2)]
    assert shelf.held.sort_values("id")["id"].to_list() == before


def test_the_lowest_free_positions_are_filled_first() -> None:
    shelf = full(loans, run(minimum=4))
    shelf.lose(("r0", 0), ("r0", 2), ("r0", 3))
    shelf.run = run(["r0"], minimum=4)
    assert places(shelf.fill().rows) == [("r0", 0), ("r0", 2)]


def test_rows_that_others_add_later_take_none_of_ours_away() -> None:
    shelf = full(loans, run())
    shelf.run = run(["r0", "r0"])
    assert len(shelf.fill().rows) == 0
    shelf.lose(("r0", 0), ("r0", 1))
    assert len(shelf.fill().rows) == 0
    shelf.lose(("r0", 2))
    assert places(shelf.fill().rows) == [("r0", 0)]


def test_a_higher_minimum_adds_behind_those_that_are_there() -> None:
    shelf = full(loans, run())
    shelf.run = run(minimum=5)
    assert places(shelf.fill().rows) == [("r0", 3), ("r0", 4), ("r1", 3), ("r1", 4)]


def test_a_lower_minimum_takes_nothing_away_and_counts_what_is_there() -> None:
    shelf = full(loans, run(minimum=5))
    shelf.run = run(minimum=2)
    shelf.lose(("r0", 0), ("r0", 1), ("r0", 2))
    assert shelf.fill().lacking == ()
    shelf.lose(("r0", 4))
    assert places(shelf.fill().rows) == [("r0", 0)]


# -- rows that somebody gave away ---------------------------------------------------------------


def test_a_row_given_to_another_parent_is_made_good_by_a_further_position() -> None:
    shelf = full(loans, run())
    shelf.give(("r0", 1), "r1")
    got = shelf.fill()
    assert places(got.rows) == [("r0", 3)]
    assert said(got) == ["r0 needs 1"]
    assert shelf.fill().lacking == ()


def test_a_further_row_that_is_deleted_comes_back() -> None:
    shelf = full(loans, run())
    shelf.give(("r0", 1), "r1")
    shelf.fill()
    shelf.lose(("r0", 3))
    assert places(shelf.fill().rows) == [("r0", 3)]


def test_a_deleted_row_comes_back_before_a_further_position_is_taken() -> None:
    shelf = full(loans, run())
    shelf.give(("r0", 0), "r1")
    shelf.lose(("r0", 1))
    assert places(shelf.fill().rows) == [("r0", 1), ("r0", 3)]


def test_a_row_that_was_received_counts_where_it_is() -> None:
    shelf = full(loans, run())
    shelf.give(("r0", 0), "r1")
    shelf.fill()
    shelf.lose(("r1", 2))
    assert shelf.fill().lacking == ()


def test_a_row_given_to_nobody_is_made_good_too() -> None:
    shelf = full(loans, run())
    shelf.give(("r0", 0), "r9")
    assert places(shelf.fill().rows) == [("r0", 3)]


def test_all_rows_given_away_at_once_are_made_good() -> None:
    shelf = full(loans, run())
    for place in range(3):
        shelf.give(("r0", place), "r1")
    assert places(shelf.fill().rows) == [("r0", 3), ("r0", 4), ("r0", 5)]
    assert shelf.fill().lacking == ()


def test_a_further_row_that_is_given_away_is_made_good_as_well() -> None:
    shelf = full(loans, run())
    shelf.give(("r0", 0), "r1")
    shelf.fill()
    shelf.give(("r0", 3), "r1")
    assert places(shelf.fill().rows) == [("r0", 4)]


def test_the_last_of_two_further_rows_comes_back() -> None:
    shelf = full(loans, run())
    shelf.give(("r0", 0), "r1")
    shelf.give(("r0", 1), "r1")
    shelf.fill()
    shelf.lose(("r0", 4))
    assert places(shelf.fill().rows) == [("r0", 4)]


def test_a_further_row_chooses_beside_those_that_stay() -> None:
    fills = {"book": "id"}
    shelf = full(lending(choose(open_to, by="reader", fills=fills)), run())
    given = shelf.at(("r0", 1))["book"]
    shelf.give(("r0", 1), "r9")
    assert places(shelf.fill().rows) == [("r0", 3)]
    assert shelf.at(("r0", 3))["book"] == given


def test_a_further_row_that_repeats_a_choice_is_made() -> None:
    shelf = full(lending(choose(books, repeat=True)), run())
    shelf.give(("r0", 1), "r1")
    got = shelf.fill()
    assert said(got) == ["r0 needs 1"]
    assert places(got.rows) == [("r0", 3)]


@view(readers, books)
def open_to(readers: pd.DataFrame, books: pd.DataFrame) -> pd.DataFrame:
    """Every reader with every book."""
    return readers[["id"]].rename(columns={"id": "reader"}).merge(books[["id"]], how="cross")


def test_a_deleted_row_comes_back_with_its_own_choice() -> None:
    for choice in (
        choose(open_to, by="reader", fills={"book": "id"}),
        choose(open_to, by="reader"),
        choose(books, repeat=True),
    ):
        shelf = full(lending(choice), run())
        before = shelf.at(("r1", 1))
        shelf.lose(("r1", 1))
        assert places(shelf.fill().rows) == [("r1", 1)]
        assert shelf.at(("r1", 1)) == before


# -- other parents ------------------------------------------------------------------------------


def test_the_whole_database_is_one_parent() -> None:
    @entity(table="loans", key=text_key("ln"), count=at_least("name"))
    def reports(rows: Rows) -> Columns:
        return {"open": True}

    at = run(["r0", "r7"])
    none = pd.DataFrame({"id": [], SEEDED: np.zeros(0, np.int64)})
    got = need(reports, at, none)
    assert (got.rows.position.tolist(), said(got)) == ([0], ["the database needs 1"])
    assert got.lacking == (Lack("the database", 1, 0),)


def test_our_own_rows_are_parents_too() -> None:
    @entity(table="shelves", key=uuid_key("0001-0001"), count=exactly(2))
    def shelves(rows: Rows) -> Columns:
        return {}

    @entity(
        table="loans", key=uuid_key("0001-0002", fan=10), per=shelves, count=at_least(2, of="shelf")
    )
    def on_shelf(rows: Rows) -> Columns:
        return {"shelf": rows.parent["id"]}

    first, second = (uuid.UUID(f"00000000-5eed-0001-0001-00000000000{n}") for n in (1, 2))
    others = pd.DataFrame({"id": ["x", "y"], "shelf": [second, second], SEEDED: 0})
    at = Run("library", 42, DAY, DAY, 1, read=lambda table: {"others in loans": others}[table.name])
    own = pd.DataFrame({"id": ["a"], "shelf": [first], SEEDED: [1]})
    got = need(on_shelf, at, own)
    assert [str(name) for name in got.rows.names] == ["00000000-5eed-0001-0002-000000000002"]
    assert said(got) == ["00000000-5eed-0001-0001-000000000001 needs 1"]


def test_rows_of_a_view_count_and_ours_do_as_it_shows_them() -> None:
    @entity(
        table="loans", key=text_key("ln"), per=readers, count=at_least(2, of="reader", among=late)
    )
    def reminders(rows: Rows) -> Columns:
        return {"reader": rows.parent.key, "state": "late"}

    lent = pd.DataFrame({"id": ["x", "y"], "reader": "r0", "state": ["late", "lost"], SEEDED: 0})
    frames = {"readers": pd.DataFrame({"id": ["r0"], SEEDED: 0}), "returned loans": lent}
    at = Run("library", 42, DAY, DAY, 1, read=lambda table: frames[table.name])
    (whole,) = chunks(reminders, at, 10)
    assert whole.position.tolist() == [0]
    there = pd.DataFrame({"id": whole.names, "reader": "r0", "state": "late", SEEDED: whole.number})
    assert need(reminders, at, there).lacking == ()
    assert said(need(reminders, at, there[:0])) == ["r0 needs 1"]
    got = need(reminders, at, there.assign(state="lost"))
    assert (places(got.rows), said(got)) == ([("r0", 1)], ["r0 needs 1"])


def test_rows_counted_in_another_table_are_ours_by_their_position() -> None:
    seats = Table("seats", "seats", ("reader",))

    @entity(
        table="loans", key=text_key("ln"), per=readers, count=at_least(1, of="reader", among=seats)
    )
    def reserved(rows: Rows) -> Columns:
        return {}

    frames = {
        "readers": pd.DataFrame({"id": ["r0"], SEEDED: 0}),
        "seats": pd.DataFrame({"id": [], "reader": [], SEEDED: np.zeros(0, np.int64)}),
    }
    at = Run("library", 42, DAY, DAY, 1, read=lambda table: frames[table.name])
    (whole,) = chunks(reserved, at, 10)
    there = pd.DataFrame({"id": whole.names, SEEDED: whole.number})
    assert need(reserved, at, there).lacking == ()


# -- words --------------------------------------------------------------------------------------


def test_a_lack_says_what_cannot_be_met() -> None:
    assert str(Lack("r0", 5, 0)) == "r0 needs 5"
    assert str(Lack("r0", 5, 2)) == "r0 needs 5, of which 2 cannot be met"


def test_the_unmet_rows_of_all_parents_are_added() -> None:
    rows = Shelf(loans, run(of_readers=0)).fill().rows
    assert Need(rows, (Lack("r0", 5, 2), Lack("r1", 1, 0), Lack("r2", 9, 9))).unmet == 11


FILLS = {"book": "id", "name": "title"}


@pytest.mark.parametrize(
    ("count", "choice", "columns"),
    [
        (at_least(3, of="reader"), None, ("reader",)),
        (at_least(3), None, ()),
        (at_least(3, of="reader", among=late), None, ("reader", "state")),
        (at_least(3, of="reader", among=returned), None, ("reader", "state")),
        (at_least(3, of="reader", among=books), None, ()),
        (at_least(3, of="reader"), choose(open_to, by="reader"), ("reader",)),
        (
            at_least(3, of="reader"),
            choose(open_to, by="reader", fills=FILLS),
            ("book", "name", "reader"),
        ),
        (
            at_least(3, of="reader", among=late),
            choose(open_to, by="reader", fills=FILLS),
            ("book", "name", "reader", "state"),
        ),
        (at_least(3), choose(books, fills=FILLS), ("book", "name")),
        (
            at_least(3, of="reader", among=late),
            choose(open_to, by="reader", fills=FILLS, repeat=True),
            ("book", "name", "reader", "state"),
        ),
    ],
)
def test_of_our_own_rows_is_read_what_decides(
    count: Requirement, choice: Choice | None, columns: tuple[str, ...]
) -> None:
    @entity(
        table="loans",
        key=text_key("ln", column="code"),
        per=readers if count.of else None,
        count=count,
        choose=choice,
    )
    def lent(rows: Rows) -> Columns:
        return {}

    assert own_table(lent) == Table("own lent", "loans", columns, (lent,), "code")


def test_rows_without_a_requirement_count_by_nothing() -> None:
    @entity(
        table="loans",
        key=text_key("ln"),
        per=readers,
        count=exactly(2),
        choose=choose(open_to, by="reader", fills=FILLS),
    )
    def lent(rows: Rows) -> Columns:
        return {}

    assert (own_of(lent), counted_in(lent)) == (None, ())
    assert own_table(lent).columns == ("book", "name")
