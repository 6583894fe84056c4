"""Choice: different candidates within a parent, the same again after any of the rows are gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from seedbed import SEEDED, Columns, Table, at_least, choose, entity, exactly, text_key, view
from seedbed.declare.choice import Choice
from seedbed.declare.counts import Count
from seedbed.declare.entity import Entity
from seedbed.engine.choosing import ranked
from seedbed.engine.requirement import Need, need
from seedbed.engine.rows import Rows
from seedbed.engine.run import Run, as_frame
from seedbed.engine.target import all_parents, chunks, count, nothing, target

DAY = date(2026, 11, 21)

readers = Table("readers", "readers", ())
books = Table("books", "books", ("held",))
taken = Table("loans of others", "loans", ("reader", "book"))


@view(readers, books, taken, key="book")
def open_to(readers: pd.DataFrame, books: pd.DataFrame, taken: pd.DataFrame) -> pd.DataFrame:
    """Every reader with every book that they have not borrowed from others."""
    reader = readers[["id"]].rename(columns={"id": "reader"})
    book = books[["id", "held"]].rename(columns={"id": "book"})
    pairs = reader.merge(book, how="cross")
    held = set(zip(taken["reader"], taken["book"], strict=True))
    names = zip(pairs["reader"], pairs["book"], strict=True)
    return pairs[np.array([pair not in held for pair in names], dtype=bool)]


@view(books, key="book")
def any_book(books: pd.DataFrame) -> pd.DataFrame:
    """The books under another name."""
    return books.rename(columns={"id": "book"})


FILLS = {"book": "book"}
PLAIN = choose(open_to, by="reader", fills=FILLS)
BALANCE = choose(open_to, by="reader", fills=FILLS, balance=True)
PREFER = choose(open_to, by="reader", fills=FILLS, prefer="held")
BOTH = choose(open_to, by="reader", fills=FILLS, balance=True, prefer="held")
REPEAT = choose(open_to, by="reader", repeat=True)
UNTOLD = choose(open_to, by="reader")
"""What a row chose is in no column of its own."""

KINDS = pytest.mark.parametrize(
    "choice", [PLAIN, BALANCE, PREFER, BOTH], ids=["plain", "balance", "prefer", "both"]
)

MINIMUM = at_least("name", of="reader", among=taken)


def lending(choice: Choice, rows: Count = MINIMUM) -> Entity:
    @entity(table="loans", key=text_key("ln"), per=readers, count=rows, choose=choice)
    def loans(rows: Rows) -> Columns:
        return {"reader": rows.parent.key, "book": rows.chosen["book"].to_numpy()}

    return loans


def named(prefix: str, number: int) -> pd.DataFrame:
    return pd.DataFrame({"id": [f"{prefix}{at}" for at in range(number)], SEEDED: 0})


def library(
    of_readers: int | pd.DataFrame,
    of_books: int | pd.DataFrame,
    *,
    held: Iterable[int] = (),
    others: Iterable[tuple[str, str]] = (),
    minimum: int = 3,
) -> Run:
    reader = named("r", of_readers) if isinstance(of_readers, int) else of_readers
    book = named("b", of_books) if isinstance(of_books, int) else of_books
    if "held" not in book:
        book = book.assign(held=list(held) or 0)
    lent = pd.DataFrame(list(others), columns=["reader", "book"]).assign(**{SEEDED: 0})
    frames = {"readers": reader, "books": book, "loans of others": lent}
    frames["all in loans"] = lent.assign(id="other")
    requirements = {"name": minimum}
    return Run("library", 42, DAY, DAY, 1, requirements, read=lambda table: frames[table.name])


def found(rows: Rows) -> dict[tuple[str, int], str]:
    """The book of every reader's place."""
    if not len(rows):
        return {}
    columns = as_frame(rows)
    return dict(
        zip(
            zip(columns["reader"], rows.position.tolist(), strict=True),
            columns["book"],
            strict=True,
        )
    )


def lacking(of: Entity, at: Run, own: pd.DataFrame | None = None) -> Need:
    none = {"id": [], "reader": [], "book": [], SEEDED: np.zeros(0, np.int64)}
    return need(of, at, pd.DataFrame(none) if own is None else own)


def written(rows: Rows) -> pd.DataFrame:
    """The rows as the database would hand them back."""
    return as_frame(rows).assign(**{SEEDED: rows.number})


def loads(rows: Rows) -> list[int]:
    return sorted(Counter(found(rows).values()).values())


# -- what is chosen -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "first", "second"),
    [
        (PLAIN, ["b3", "b2", "b4"], ["b0", "b4", "b1"]),
        (PREFER, ["b4", "b3", "b1"], ["b4", "b1", "b3"]),
    ],
    ids=["plain", "prefer"],
)
def test_the_choices_are_those_written_here(
    choice: Choice, first: list[str], second: list[str]
) -> None:
    at = library(2, 5, held=[2, 1, 2, 1, 0])
    assert found(target(lending(choice), at)) == {
        **{("r0", place): book for place, book in enumerate(first)},
        **{("r1", place): book for place, book in enumerate(second)},
    }


@KINDS
def test_chunks_of_any_size_hand_out_the_same_choices(choice: Choice) -> None:
    at, loans = library(5, 16, held=range(16)), lending(choice)
    whole = found(target(loans, at))
    assert len(whole) == count(loans, at) == 15
    for size in (1, 4, 15):
        parts: dict[tuple[str, int], str] = {}
        for rows in chunks(loans, at, size):
            parts |= found(rows)
        assert parts == whole


@KINDS
def test_no_parents_and_no_candidates_give_no_rows(choice: Choice) -> None:
    assert len(target(lending(choice), library(0, 5))) == 0
    assert len(target(lending(choice), library(5, 0))) == 0


def test_no_rows_still_have_the_columns_of_their_choice() -> None:
    at = library(2, 5)
    assert list(nothing(lending(PLAIN), at).columns) == ["id", "reader", "book"]


@KINDS
def test_the_order_in_which_rows_are_read_does_not_matter(choice: Choice) -> None:
    reader, book = named("r", 6), named("b", 9).assign(held=[2, 0, 1] * 3)
    straight = found(target(lending(choice), library(reader, book)))
    for seed in range(5):
        shuffled = library(
            reader.sample(frac=1, random_state=seed), book.sample(frac=1, random_state=seed)
        )
        assert found(target(lending(choice), shuffled)) == straight


def test_every_seed_chooses_otherwise() -> None:
    at = library(20, 50)
    other = Run("library", 43, DAY, DAY, 1, {"name": 3}, read=at.read)
    same = found(target(lending(PLAIN), at)).items() & found(target(lending(PLAIN), other)).items()
    assert len(same) < 10  # of 60; one or two by chance


def test_another_parent_beside_it_changes_no_choice() -> None:
    few, many = (found(target(lending(PLAIN), library(size, 9))) for size in (3, 4))
    assert len(few) == 9
    assert few.items() <= many.items()


def test_a_candidate_taken_by_others_is_never_chosen() -> None:
    before = found(target(lending(PLAIN), library(1, 5)))
    assert list(before.values()) == ["b3", "b2", "b4"]
    others = [("r0", "b2")]
    after = target(lending(PLAIN, exactly(3)), library(1, 5, others=others))
    assert list(found(after).values()) == ["b3", "b4", "b0"]


def test_candidates_of_unknown_parents_are_left_alone() -> None:
    pairs = Table("pairs", "pairs", ("reader", "book"))
    frames = {
        "readers": named("r", 1),
        "pairs": pd.DataFrame(
            {"id": ["1", "2", "3"], "reader": ["r9", "r0", None], "book": ["b0", "b1", "b2"]}
        ),
    }
    at = Run("library", 42, DAY, DAY, 1, read=lambda table: frames[table.name])
    loans = lending(choose(pairs, by="reader", fills=FILLS), exactly(3))
    assert found(target(loans, at)) == {("r0", 0): "b1"}


def test_without_by_every_row_is_a_candidate() -> None:
    @entity(table="loans", key=text_key("ln"), count=exactly(9), choose=choose(books))
    def loans(rows: Rows) -> Columns:
        return {"book": rows.chosen["id"].to_numpy()}

    assert library(0, 4).frame(loans)["book"].to_list() == ["b3", "b0", "b2", "b1"]


@pytest.mark.parametrize("size", [5, 20, 60])
def test_one_more_candidate_moves_at_most_2_of_n_and_only_to_itself(size: int) -> None:
    before, after = (
        found(target(lending(PLAIN, exactly(1)), library(600, many))) for many in (size, size + 1)
    )
    moved = [after[place] for place in before if before[place] != after[place]]
    assert 0 < len(moved) <= 600 * 2 / size
    assert set(moved) == {f"b{size}"}


def test_one_more_candidate_takes_the_place_of_one_other_within_a_parent() -> None:
    before, after = (
        {(reader, book) for (reader, _), book in found(target(lending(PLAIN), at)).items()}
        for at in (library(600, 20), library(600, 21))
    )
    assert len(before) == len(after) == 1800
    assert 0 < len(before - after) <= 1800 * 2 / 20
    assert {book for _, book in after - before} == {"b20"}


# -- repeat -------------------------------------------------------------------------------------


def test_repeat_begins_anew_behind_the_last_candidate() -> None:
    rows = target(lending(REPEAT, exactly(7)), library(1, 3))
    assert list(found(rows).values()) == ["b2", "b0", "b1", "b2", "b0", "b1", "b2"]


def test_repeat_over_no_candidates_gives_no_rows() -> None:
    at = library(2, 2, others=[("r0", "b0"), ("r0", "b1")])
    rows = target(lending(REPEAT, exactly(2)), at)
    assert [reader for reader, _ in found(rows)] == ["r1", "r1"]


# -- prefer and balance -------------------------------------------------------------------------


def test_those_with_less_are_preferred() -> None:
    rows = target(lending(PREFER), library(40, 6, held=[5, 0, 3, 0, 9, 0]))
    assert {
        reader: {book for (one, _), book in found(rows).items() if one == reader}
        for reader, _ in found(rows)
    } == {f"r{number}": {"b1", "b3", "b5"} for number in range(40)}


@pytest.mark.parametrize(
    ("of_readers", "each", "of_books"), [(6, 1, 6), (2, 3, 6), (6, 1, 9), (12, 5, 60), (30, 2, 61)]
)
def test_no_candidate_has_two_while_there_are_enough_for_all(
    of_readers: int, each: int, of_books: int
) -> None:
    rows = target(lending(BALANCE, exactly(each)), library(of_readers, of_books))
    assert loads(rows) == [1] * (of_readers * each)


def test_without_balance_some_candidate_has_two() -> None:
    assert max(loads(target(lending(PLAIN, exactly(5)), library(12, 60)))) > 1


@pytest.mark.parametrize("of_readers", [2, 4, 10])
def test_balance_fills_all_when_every_candidate_is_needed(of_readers: int) -> None:
    rows = target(lending(BALANCE, exactly(3)), library(of_readers, 3))
    assert loads(rows) == [of_readers] * 3


@pytest.mark.parametrize(("of_readers", "of_books"), [(9, 8), (20, 9), (50, 40)])
def test_balance_spreads_evenly_when_there_are_not_enough_for_all(
    of_readers: int, of_books: int
) -> None:
    rows = target(lending(BALANCE, exactly(1)), library(of_readers, of_books))
    assert len(rows) == of_readers
    held = [*([0] * of_books), *loads(rows)][-of_books:]
    assert held[-1] - held[0] <= 1


def test_a_parent_that_has_another_leaves_the_only_candidate_of_its_neighbour() -> None:
    others = [("r0", "b1")]
    rows = target(lending(BALANCE, exactly(1)), library(2, 2, others=others))
    assert found(rows) == {("r0", 0): "b0", ("r1", 0): "b1"}


def test_balance_counts_what_each_has_already() -> None:
    rows = target(lending(BOTH, exactly(1)), library(3, 5, held=[2, 0, 1, 0, 0]))
    assert set(found(rows).values()) == {"b1", "b3", "b4"}


def test_balance_begins_from_the_one_that_has_least() -> None:
    rows = target(lending(BOTH, exactly(1)), library(2, 3, held=[107, 106, 106]))
    assert set(found(rows).values()) == {"b1", "b2"}


def test_the_only_candidate_has_all_of_them() -> None:
    at = library(70, 1)
    assert len(target(lending(BALANCE, exactly(1)), at)) == 70


# -- beside rows that are there -----------------------------------------------------------------


def test_a_deleted_row_comes_back_with_its_own_choice() -> None:
    at, loans = library(2, 5), lending(PLAIN)
    own = written(target(loans, at))
    assert own["book"].to_list() == ["b3", "b2", "b4", "b0", "b4", "b1"]
    again = lacking(loans, at, own.drop(index=[1, 3, 4]))
    assert found(again.rows) == {("r0", 1): "b2", ("r1", 0): "b0", ("r1", 1): "b4"}
    assert set(again.rows.names) == set(own["id"][[1, 3, 4]])


def test_a_deleted_row_whose_choice_no_column_tells_comes_back_with_it_too() -> None:
    at, loans = library(2, 5), lending(UNTOLD)
    own = written(target(loans, at))
    again = lacking(loans, at, own.drop(index=[1, 3]))
    assert found(again.rows) == {("r0", 1): "b2", ("r1", 0): "b0"}


def test_a_candidate_that_somebody_gave_to_our_row_is_not_chosen_again() -> None:
    at, loans = library(1, 4), lending(PLAIN)
    own = written(target(loans, at))
    assert own["book"].to_list() == ["b3", "b2", "b0"]
    own.loc[0, "book"] = "b1"
    again = lacking(loans, at, own.drop(index=[2]))
    assert found(again.rows) == {("r0", 2): "b3"}


def test_a_candidate_that_the_frame_does_not_hold_is_passed_over() -> None:
    at, loans = library(1, 4), lending(PLAIN)
    own = written(target(loans, at)).drop(index=[2])
    own.loc[0, "book"] = "a book that was deleted"
    assert found(lacking(loans, at, own).rows) == {("r0", 2): "b3"}


def test_candidates_that_run_out_are_reported() -> None:
    at, loans = library(2, 3, others=[("r1", "b0")], minimum=5), lending(PLAIN)
    got = lacking(loans, at)
    assert [str(one) for one in got.lacking] == [
        "r0 needs 5, of which 2 cannot be met",
        "r1 needs 4, of which 2 cannot be met",
    ]
    assert got.unmet == 4
    assert list(found(got.rows)) == [("r0", 0), ("r0", 1), ("r0", 2), ("r1", 0), ("r1", 1)]


@pytest.mark.parametrize("choice", [REPEAT, UNTOLD, BALANCE], ids=["repeat", "untold", "balance"])
def test_no_candidate_at_all_is_reported(choice: Choice) -> None:
    got = lacking(lending(choice), library(1, 0))
    assert [str(one) for one in got.lacking] == ["r0 needs 3, of which 3 cannot be met"]
    assert len(got.rows) == 0


def test_without_by_a_deleted_row_comes_back_too() -> None:
    at, loans = library(2, 3, minimum=2), lending(choose(any_book, fills=FILLS))
    own = written(target(loans, at))
    again = lacking(loans, at, own.drop(index=[1]))
    assert found(again.rows)["r0", 1] == own["book"][1]


@pytest.mark.parametrize("key", [7, date(2026, 1, 1)], ids=["number", "date"])
def test_candidates_may_have_keys_that_are_not_text(key: object) -> None:
    @entity(table="loans", key=text_key("ln"), choose=choose(books))
    def loans(rows: Rows) -> Columns:
        return {"book": rows.chosen["id"].to_numpy()}

    at = library(0, pd.DataFrame({"id": [key], SEEDED: 0}))
    assert at.frame(loans)["book"].to_list() == [key]


PAIRS = some.sets(
    some.tuples(some.sampled_from(["r0", "r1", "r2"]), some.sampled_from(["b0", "b1", "b2"]))
)


@some.composite
def libraries(draw: some.DrawFn) -> Run:
    held = draw(some.lists(some.integers(0, 3), min_size=1, max_size=7))
    of_readers, minimum = draw(some.integers(1, 5)), draw(some.integers(1, 6))
    return library(of_readers, len(held), held=held, others=draw(PAIRS), minimum=minimum)


@pytest.mark.parametrize(
    "choice",
    [PLAIN, BALANCE, PREFER, BOTH, UNTOLD],
    ids=["plain", "balance", "prefer", "both", "untold"],
)
@settings(max_examples=100, deadline=None)
@given(at=libraries(), gone=some.sets(some.integers(0, 29)))
def test_any_rows_that_are_taken_away_come_back_the_same(
    choice: Choice, at: Run, gone: set[int]
) -> None:
    loans = lending(choice)
    first = lacking(loans, at)
    whole, rows = found(first.rows), len(first.rows)
    staying = np.array([place for place in range(rows) if place not in gone], dtype=np.int64)
    kept = first.rows.take(staying)
    again = lacking(loans, at, written(kept) if rows else None)
    assert found(kept).keys().isdisjoint(found(again.rows))
    assert found(kept) | found(again.rows) == whole
    assert again.unmet == first.unmet


@KINDS
@settings(max_examples=100, deadline=None)
@given(at=libraries())
def test_a_parent_never_gets_a_candidate_twice_or_one_that_is_taken(
    choice: Choice, at: Run
) -> None:
    rows = lacking(lending(choice), at).rows
    chosen = [(reader, book) for (reader, _), book in found(rows).items()]
    held = at.read(taken)
    assert len(set(chosen)) == len(chosen)
    assert set(chosen).isdisjoint(zip(held["reader"], held["book"], strict=True))


# -- ranks --------------------------------------------------------------------------------------


def test_every_parent_has_its_own_candidates_in_its_own_order() -> None:
    at, loans = library(2, 4, others=[("r1", "b0")]), lending(PLAIN)
    got = ranked(PLAIN, all_parents(loans, at), loans.name)
    assert (got.start.tolist(), got.length.tolist()) == ([0, 4], [4, 3])
    assert got.owner.tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert at.frame(open_to)["book"].iloc[got.candidate].to_list() == [
        *("b3", "b2", "b0", "b1"),
        *("b1", "b3", "b2"),
    ]
