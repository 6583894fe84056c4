"""Run: the same rows in chunks of any size, at any scale, with any neighbour."""

from __future__ import annotations

import uuid
from datetime import date

import numpy as np
import pandas as pd
import pytest

from seedbed import (
    Columns,
    Rows,
    Table,
    between,
    categorical,
    counted,
    daily,
    entity,
    exactly,
    money,
    nullable,
    scaled,
    text,
    text_key,
    uuid_key,
)
from seedbed.declare.entity import Entity
from seedbed.engine.run import Run
from seedbed.engine.target import chunks, count, nothing

TODAY = date(2026, 11, 21)


@entity(table="shelves", key=uuid_key("0001-0001"), count=scaled(25))
def shelves(rows: Rows) -> Columns:
    """Twenty-five at scale 1."""
    return {
        "size": rows.integers("size", 0, 999),
        "cents": money(rows.position * 100),
        "label": text(rows.number, prefix="S-"),
        "kind": categorical(rows.position % 2, ["tall", None]),
        "seen": nullable(rows.position, rows.position > 0),
        "open": True,
    }


@entity(table="books", key=text_key("bok", fan=9), per=shelves, count=between(0, 9))
def books(rows: Rows) -> Columns:
    """None to nine a shelf."""
    return {"shelf_id": rows.parent["id"], "pages": rows.integers("pages", 50, 900)}


@entity(table="loans", key=text_key("ln"), per=books, count=counted(lambda book: book.position % 3))
def loans(rows: Rows) -> Columns:
    """None to two a book."""
    return {"book_id": rows.parent["id"], "fee": rows.uniform("fee")}


@entity(table="visits", key=uuid_key("0001-0002", fan=100_000), per=shelves, count=daily(7))
def visits(rows: Rows) -> Columns:
    """One a shelf and day."""
    return {"day": rows.date, "guests": rows.integers("guests", 0, 40)}


ALL = (shelves, books, loans, visits)


def run(*, scale: int = 1, as_of: date = TODAY) -> Run:
    return Run("library", 42, as_of, TODAY, scale)


def keyed(of: Entity, at: Run, size: int = 100_000) -> dict[bytes, tuple[object, ...]]:
    """The values of the array columns by key."""
    found = {}
    for rows in chunks(of, at, size):
        columns = [np.asarray(one) for one in rows.columns.values() if isinstance(one, np.ndarray)]
        for row, key in enumerate(rows.key.tolist()):
            found[key] = tuple(column[row] for column in columns)
    return found


@pytest.mark.parametrize("of", ALL, ids=lambda one: one.name)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 24, 25, 26, 1000])
def test_chunks_of_any_size_give_the_same_rows_in_the_same_order(of: Entity, size: int) -> None:
    whole, parts = keyed(of, run()), keyed(of, run(), size)
    assert parts == whole
    assert list(parts) == list(whole)
    assert all(0 < len(rows) <= size for rows in chunks(of, run(), size))


@pytest.mark.parametrize("of", ALL, ids=lambda one: one.name)
@pytest.mark.parametrize("scale", [1, 2])
def test_count_is_the_number_of_rows(of: Entity, scale: int) -> None:
    assert count(of, run(scale=scale)) == len(keyed(of, run(scale=scale)))


def test_the_counts_are_those_written_here() -> None:
    assert [count(one, run()) for one in ALL] == [25, 105, 93, 175]


@pytest.mark.parametrize("of", ALL, ids=lambda one: one.name)
def test_scale_2_contains_scale_1_unchanged(of: Entity) -> None:
    small, large = keyed(of, run()), keyed(of, run(scale=2))
    assert len(small) < len(large)
    assert small.items() <= large.items()


@pytest.mark.parametrize("of", ALL, ids=lambda one: one.name)
def test_keys_come_in_order(of: Entity) -> None:
    keys = list(keyed(of, run()))
    assert of is loans or keys == sorted(keys)


def test_a_window_that_rolls_keeps_the_days_that_stay() -> None:
    before, after = keyed(visits, run()), keyed(visits, run(as_of=date(2026, 11, 23)))
    shared = before.keys() & after.keys()
    assert len(shared) == 25 * 5
    assert all(before[key] == after[key] for key in shared)


@pytest.mark.parametrize("of", ALL, ids=lambda one: one.name)
def test_nothing_gives_the_columns_without_rows(of: Entity) -> None:
    empty = nothing(of, run())
    assert len(empty) == 0
    assert list(empty.columns) == list(next(chunks(of, run(), 10)).columns)
    assert all(len(one) == 0 for one in empty.columns.values() if isinstance(one, np.ndarray))


def test_a_frame_holds_python_values() -> None:
    frame = run().frame(shelves)
    assert list(frame.columns) == ["id", "size", "cents", "label", "kind", "seen", "open"]
    assert len(frame) == 25
    assert frame["id"][24] == uuid.UUID("00000000-5eed-0001-0001-000000000025")
    assert frame["label"].to_list()[:2] == ["S-1", "S-2"]
    assert [str(value) for value in frame["cents"][:3]] == ["0.00", "1.00", "2.00"]
    assert [one if isinstance(one, str) else None for one in frame["kind"][:3]] == [
        "tall",
        None,
        "tall",
    ]
    assert frame["seen"].isna().to_list()[:3] == [True, False, False]
    assert frame["open"].to_list() == [True] * 25


def test_a_frame_is_made_once_a_run() -> None:
    at = run()
    assert at.frame(shelves) is at.frame(shelves)


def test_a_frame_without_rows_still_has_its_columns() -> None:
    @entity(table="shelves", key=uuid_key("0001-0001"), count=exactly(0))
    def bare(rows: Rows) -> Columns:
        return {"size": rows.position}

    frame = run().frame(bare)
    assert (list(frame.columns), len(frame)) == (["id", "size"], 0)
    assert list(chunks(bare, run(), 10)) == []
    assert count(bare, run()) == 0


def test_a_table_is_handed_over_as_it_was_read() -> None:
    products = Table("products", "products", ("code",))
    read = pd.DataFrame({"code": ["A"]})
    at = Run("library", 42, TODAY, TODAY, 1, read=lambda table: read)
    assert at.frame(products) is read


def test_upstream_arrives_under_its_own_name() -> None:
    products = Table("products", "products", ("code",))

    @entity(table="offers", key=uuid_key("0001-0009"), upstream=(products, shelves))
    def offers(rows: Rows, products: pd.DataFrame, shelves: pd.DataFrame) -> Columns:
        return {"code": products["code"][0], "shelf_id": shelves["id"][2]}

    at = Run("library", 42, TODAY, TODAY, 1, read=lambda table: pd.DataFrame({"code": ["A"]}))
    (rows,) = chunks(offers, at, 10)
    assert rows["code"] == "A"
    assert rows["shelf_id"] == uuid.UUID("00000000-5eed-0001-0001-000000000003")
