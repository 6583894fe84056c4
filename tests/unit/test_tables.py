"""Tables, views, rows that are there as parents, and rows as they were declared."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from seedbed import (
    SEEDED,
    Columns,
    Rows,
    Table,
    between,
    entity,
    exactly,
    nullable,
    text_key,
    uuid_key,
    view,
)
from seedbed.declare.entity import Entity
from seedbed.declare.errors import BadDeclaration, UnknownName
from seedbed.declare.reads import View, alike, tables_of, without
from seedbed.engine.declared import Declared
from seedbed.engine.existing import Existing
from seedbed.engine.run import Run, as_frame
from seedbed.engine.target import all_parents, chunks, count, nothing

DAY = date(2026, 11, 21)

readers = Table("readers", "readers", ("age",))
books = Table("books", "books", ("title",))


@view(readers, books, numbers=("name",))
def offers(readers: pd.DataFrame, books: pd.DataFrame, size: int) -> pd.DataFrame:
    """Every reader with the first books."""
    return readers.merge(books[:size], how="cross", suffixes=("", "_book"))


@view(offers, books, key="id_book")
def young(offers: pd.DataFrame, books: pd.DataFrame) -> pd.DataFrame:
    """Those under twelve."""
    return offers[offers["age"] < 12]


def run(**frames: pd.DataFrame) -> Run:
    return Run("library", 42, DAY, DAY, 1, {"name": 2}, read=lambda table: frames[table.name])


def library() -> Run:
    return run(
        readers=pd.DataFrame({"id": ["ann", "bob"], "age": [11, 12], SEEDED: 0}),
        books=pd.DataFrame({"id": ["b0", "b1", "b2"], "title": "", SEEDED: 0}),
    )


# -- tables and views ---------------------------------------------------------------------------


def test_a_table_shows_rows_of_others_alone_unless_it_says_more() -> None:
    assert (books.after, books.key, books.required) == ((), "id", {})


def test_tables_of_the_same_declaration_are_the_same() -> None:
    same = Table("books", "books", ("title",))
    assert {books: 1}[same] == 1
    assert Table("books", "books", ("title",), after=None) != books


def test_a_view_has_the_name_of_its_function_and_a_key() -> None:
    assert (offers.name, offers.key, offers.of) == ("offers", "id", (readers, books))
    assert (young.name, young.key, young.numbers) == ("young", "id_book", ())


def test_a_view_is_made_of_its_frames_and_numbers() -> None:
    pairs = library().frame(offers)
    assert list(zip(pairs["id"], pairs["id_book"], strict=True)) == [
        ("ann", "b0"),
        ("ann", "b1"),
        ("bob", "b0"),
        ("bob", "b1"),
    ]


def test_a_view_is_made_of_other_views() -> None:
    pairs = library().frame(young)
    assert list(zip(pairs["id"], pairs["id_book"], strict=True)) == [("ann", "b0"), ("ann", "b1")]


def test_a_view_is_made_once_a_run() -> None:
    at = library()
    assert at.frame(young) is at.frame(young)


def test_a_view_with_an_unknown_number_is_an_error() -> None:
    @view(books, numbers=("nam",))
    def some(books: pd.DataFrame, size: int) -> pd.DataFrame:
        return books[:size]

    with pytest.raises(UnknownName) as caught:
        library().frame(some)
    assert str(caught.value) == "unknown requirement of library 'nam'; did you mean 'name'?"


def takes_one(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


def takes_two(frame: pd.DataFrame, size: object) -> pd.DataFrame:
    return frame


@pytest.mark.parametrize(
    ("declare", "make", "said"),
    [
        (view(readers, books), takes_one, "takes ['frame'] but declares ['readers', 'books']"),
        (view(readers), takes_two, "takes ['frame', 'size'] but declares ['readers']"),
        (
            view(readers, books, numbers=("name",)),
            takes_two,
            "takes ['frame', 'size'] but declares ['readers', 'books', 'name']",
        ),
        (view(young, numbers=("name",)), takes_one, "takes ['frame'] but declares ['young', 'nam"),
        (view(), takes_one, "takes ['frame'] but declares []"),
    ],
)
def test_a_view_that_declares_another_number_of_frames_is_an_error(
    declare: Callable[[Callable[..., pd.DataFrame]], View],
    make: Callable[..., pd.DataFrame],
    said: str,
) -> None:
    with pytest.raises(BadDeclaration) as caught:
        declare(make)
    assert str(caught.value).startswith(f"entity '{make.__name__}' {said}")
    assert caught.value.exit_code == 2


def test_the_tables_behind_views_are_found_once_each() -> None:
    assert tables_of([young]) == (readers, books)
    assert tables_of([books, young, offers]) == (books, readers)
    assert tables_of([]) == ()


def test_a_table_outside_of_a_step_is_an_error() -> None:
    with pytest.raises(BadDeclaration) as caught:
        Run("library", 42, DAY, DAY, 1).frame(offers)
    assert str(caught.value) == "entity 'readers' is read outside of a step"


def test_a_view_and_an_entity_of_one_name_are_two_frames() -> None:
    @view(books)
    def shelves(rows: pd.DataFrame) -> pd.DataFrame:
        return rows

    at = library()
    assert len(at.frame(of_ours())) == 2
    assert at.frame(shelves)["id"].to_list() == ["b0", "b1", "b2"]


def of_ours() -> Entity:
    @entity(table="shelves", key=uuid_key("0001-0001"), count=exactly(2))
    def shelves(rows: Rows) -> Columns:
        return {}

    return shelves


# -- rows that are there as parents -------------------------------------------------------------


@entity(table="loans", key=text_key("ln"), per=readers, count=exactly(2))
def loans(rows: Rows) -> Columns:
    return {"reader": rows.parent.key, "age": rows.parent["age"], "fee": rows.integers("fee", 1, 9)}


@entity(table="stamps", key=text_key("st"), per=loans, count=between(1, 3))
def stamps(rows: Rows) -> Columns:
    return {"loan": rows.parent["id"], "reader": rows.parent["reader"]}


def existing(*names: object) -> Existing:
    return Existing(run(), readers, pd.DataFrame({"id": list(names), "age": range(len(names))}))


def test_rows_that_are_there_have_the_keys_and_columns_that_were_read() -> None:
    some = existing("ann", "bob", "cid")
    assert (len(some), some.is_root) == (3, False)
    assert some.names == ["ann", "bob", "cid"]
    assert some.key.tolist() == ["ann", "bob", "cid"]
    assert np.asarray(some["age"]).tolist() == [0, 1, 2]
    assert some.number.tolist() == [0, 0, 0]


def test_the_identity_of_a_row_that_is_there_is_that_of_its_key_alone() -> None:
    assert existing("ann").identity.tolist() == [3_865_156_157_393_868_856]
    assert existing("bob", "ann").identity.tolist()[1:] == existing("ann").identity.tolist()
    some = existing("ann", "bob")
    assert some.key_hash.tolist() == some.identity.tolist()


def test_keys_that_are_not_text_are_hashed_as_they_are_written() -> None:
    written = existing("7", "00000000-0000-0000-0000-000000000001")
    some = existing(7, uuid.UUID(int=1))
    assert some.identity.tolist() == written.identity.tolist()
    assert some.names == [7, uuid.UUID(int=1)]


def test_some_of_the_rows_that_are_there() -> None:
    some = existing("ann", "bob", "cid").take(np.array([2, 0]))
    assert some.names == ["cid", "ann"]
    assert np.asarray(some["age"]).tolist() == [2, 0]
    assert existing("ann", "bob").take(np.array([False, True])).names == ["bob"]


def test_rows_are_made_for_rows_that_are_there() -> None:
    made = library().frame(loans)
    assert made["reader"].to_list() == ["ann", "ann", "bob", "bob"]
    assert made["age"].to_list() == [11, 11, 12, 12]
    assert made["id"].to_list() == [
        "c5eedln000000aah3uxxjlyxp",
        "c5eedln000001hc32dzs660tm",
        "c5eedln000000qh2wkanjqxnv",
        "c5eedln0000019tyr781xqujg",
    ]
    assert made["fee"].to_list() == [7, 7, 1, 8]


def test_the_children_of_a_row_do_not_depend_on_its_neighbours() -> None:
    people = pd.DataFrame({"id": ["zoe", "bob"], "age": 30, SEEDED: 0})
    alone, beside = run(readers=people).frame(loans), library().frame(loans)
    assert alone["id"].to_list()[2:] == beside["id"].to_list()[2:]
    assert alone["fee"].to_list()[2:] == beside["fee"].to_list()[2:]


def test_rows_below_rows_of_ours_follow_from_those_that_are_there() -> None:
    made = library().frame(stamps)
    assert made["reader"].to_list() == ["ann", "ann", "bob", "bob"]
    assert made["loan"].to_list() == library().frame(loans)["id"].to_list()


@pytest.mark.parametrize("of", [loans, stamps], ids=["loans", "stamps"])
@pytest.mark.parametrize("size", [1, 3, 100])
def test_chunks_of_any_size_give_the_same_rows(of: Entity, size: int) -> None:
    people = pd.DataFrame({"id": [f"r{at}" for at in range(7)], "age": range(7), SEEDED: 0})
    at = run(readers=people)
    parts = pd.concat([as_frame(rows) for rows in chunks(of, at, size)], ignore_index=True)
    pd.testing.assert_frame_equal(parts, at.frame(of))
    assert len(parts) == count(of, at)


def test_nobody_there_means_no_rows_with_the_same_columns() -> None:
    at = run(readers=pd.DataFrame({"id": [], "age": [], SEEDED: []}))
    assert list(at.frame(loans).columns) == ["id", "reader", "age", "fee"]
    assert (len(at.frame(loans)), count(stamps, at)) == (0, 0)
    assert len(nothing(loans, library())) == 0


def test_the_parents_of_rows_are_read_as_they_are() -> None:
    assert all_parents(loans, library()).names == ["ann", "bob"]


def test_the_parents_names_are_aligned_with_the_rows() -> None:
    (rows,) = chunks(loans, library(), 100)
    assert rows.parent.names == ["ann", "ann", "bob", "bob"]
    assert not rows.parent.is_root
    assert len(set(rows.parent.key_hash.tolist())) == 2


# -- rows as they were declared -----------------------------------------------------------------


@entity(table="books", key=text_key("bk", fan=100), count=exactly(3))
def our_books(rows: Rows) -> Columns:
    return {
        "title": np.array(["Emma", "Ulysses", "Molloy"], dtype=object)[rows.position],
        "pages": rows.position * 100,
        "year": nullable(1900 + rows.position, rows.position > 0),
    }


catalogue = Table("catalogue", "books", ("title", "pages", "owner"), after=(our_books,))


def shelf(**columns: list[object]) -> pd.DataFrame:
    """Two rows of ours with one of others between them."""
    (ours,) = chunks(our_books, run(), 10)
    names = ours.names
    made = {
        "id": [names[0], "theirs", names[2]],
        "title": ["Emma", "Dracula", "Molloy"],
        "pages": [0, 418, 200],
        "owner": ["ann", "bob", "cid"],
    }
    numbers = [int(ours.number[0]), 0, int(ours.number[2])]
    return pd.DataFrame({**made, **columns, SEEDED: numbers})


def declared(frame: pd.DataFrame, table: Table = catalogue) -> pd.DataFrame:
    return Declared(run(), lambda _: frame)(table)


def test_rows_that_nobody_edited_appear_as_they_are() -> None:
    pd.testing.assert_frame_equal(declared(shelf()), shelf())


def test_an_edited_row_of_ours_appears_as_it_was_declared() -> None:
    edited = shelf(title=["Emma, again", "Dracula II", "Molloy"], pages=[1, 2, 3])
    got = declared(edited)
    assert got["title"].to_list() == ["Emma", "Dracula II", "Molloy"]
    assert got["pages"].to_list() == [0, 2, 200]
    assert got["pages"].dtype == edited["pages"].dtype
    assert str(got["title"].dtype) == "str"


def test_columns_that_are_not_declared_appear_as_they_are() -> None:
    assert declared(shelf(owner=["x", "y", "z"]))["owner"].to_list() == ["x", "y", "z"]


def test_what_was_read_is_left_alone() -> None:
    edited = shelf(title=["x", "y", "z"])
    declared(edited)
    assert edited["title"].to_list() == ["x", "y", "z"]


def test_a_row_whose_number_is_not_of_its_key_is_not_ours() -> None:
    edited = shelf(title=["x", "y", "z"]).assign(**{SEEDED: 0})
    assert declared(edited)["title"].to_list() == ["x", "y", "z"]


def test_a_row_of_ours_that_is_not_declared_any_more_appears_as_it_is() -> None:
    further = our_books.key.values(np.array([9]))
    edited = pd.DataFrame(
        {"id": further, "title": ["x"], "pages": [1], "owner": ["y"], SEEDED: [9]}
    )
    assert declared(edited)["title"].to_list() == ["x"]


def test_rows_of_an_entity_that_the_table_does_not_show_appear_as_they_are() -> None:
    edited = shelf(title=["x", "y", "z"])
    for after in ((), None):
        table = Table("catalogue", "books", ("title", "pages", "owner"), after=after)
        assert declared(edited, table)["title"].to_list() == ["x", "y", "z"]


def test_an_empty_table_is_empty() -> None:
    assert len(declared(shelf()[:0])) == 0


def test_a_column_with_gaps_gets_its_gaps_back() -> None:
    years = Table("years", "books", ("year",), after=(our_books,))
    edited = shelf(year=[1850, None, None]).astype({"year": "Int64"})
    assert declared(edited, years)["year"].to_list() == [pd.NA, pd.NA, 1902]


def test_a_gap_that_somebody_filled_is_a_gap_again() -> None:
    years = Table("years", "books", ("year",), after=(our_books,))
    edited = shelf(year=[1850, 1897, 1902])
    assert declared(edited, years)["year"].isna().to_list() == [True, False, False]


def test_further_rows_with_gaps_fit_a_column_that_had_none() -> None:
    frame = pd.DataFrame({"year": [1850], "title": ["Emma"]})
    further = alike(pd.DataFrame({"title": ["x", "y"], "year": [None, 1902]}), frame)
    assert list(further.columns) == ["year", "title"]
    whole = pd.concat([frame, further], ignore_index=True)
    assert str(whole["year"].dtype) == "Int64"
    assert whole["year"].to_list() == [1850, pd.NA, 1902]
    assert alike(frame, frame)["year"].dtype == np.int64


def test_views_are_made_of_the_rows_as_declared() -> None:
    @view(catalogue)
    def short(books: pd.DataFrame) -> pd.DataFrame:
        return books[books["pages"] < 300]

    edited = shelf(pages=[900, 900, 900])
    assert run(catalogue=edited).frame(short).empty
    again = Declared(run(catalogue=edited), lambda _: edited).run
    assert again.frame(short)["title"].to_list() == ["Emma", "Molloy"]


def test_a_table_is_read_once() -> None:
    read = []

    def reader(table: Table) -> pd.DataFrame:
        read.append(table)
        return shelf()

    over = Declared(run(), reader)
    assert over(catalogue) is over(catalogue)
    assert read == [catalogue]


def test_without_leaves_what_another_frame_does_not_hold() -> None:
    pairs = pd.DataFrame({"reader": [1, 1, 2], "book": [7, 8, 7], "rank": [0, 1, 2]})
    taken = pd.DataFrame({"reader": [1, 2], "book": [8, 9]})
    left = without(pairs, taken, ("reader", "book"))
    assert left["rank"].to_list() == [0, 2]
    assert without(pairs, taken.iloc[:0], ("reader", "book")) is pairs
    assert without(pairs, taken, ("reader",)).empty
