"""Rows: identity, alignment with parents, and draws that stay what they are."""

from __future__ import annotations

from datetime import date
from typing import cast

import numpy as np
import pandas as pd
import pytest

from seedbed import (
    Columns,
    Integers,
    between,
    categorical,
    daily,
    entity,
    exactly,
    money,
    objects,
    text,
    text_key,
    uuid_key,
)
from seedbed.declare.entity import Entity
from seedbed.declare.errors import BadDeclaration
from seedbed.engine.rows import Rows
from seedbed.engine.run import Run
from seedbed.engine.target import chunks

CITIES = ("Hanoi", "Hue", "Vinh")


@entity(table="shelves", key=uuid_key("0001-0001"), count=exactly(40))
def shelves(rows: Rows) -> Columns:
    """Forty parents with one column of every kind."""
    return {
        "city": categorical(rows.position % 3, CITIES),
        "cents": money(rows.integers("cents", 100, 999)),
        "label": text(rows.number, prefix="S-", digits=3),
        "note": "same",
    }


@entity(table="books", key=text_key("bok", fan=9), per=shelves, count=between(1, 9))
def books(rows: Rows) -> Columns:
    """Up to nine books a shelf."""
    return {
        "shelf_id": rows.parent["id"],
        "city": rows.parent["city"],
        "cents": rows.parent["cents"],
        "label": rows.parent["label"],
        "note": rows.parent["note"],
        "pages": rows.integers("pages", 50, 900),
    }


@entity(table="loans", key=text_key("ln"), per=books, count=exactly(2))
def loans(rows: Rows) -> Columns:
    """Two loans a book."""
    return {"city": rows.parent.parent["city"], "pages": rows.parent["pages"]}


def run(seed: int = 42, dataset: str = "library") -> Run:
    today = date(2026, 11, 21)
    return Run(dataset, seed, today, today, 1)


def made(of: Entity, at: Run | None = None) -> Rows:
    return next(chunks(of, at or run(), 100_000))


def integers(column: object) -> list[int]:
    return [int(one) for one in cast("Integers", column)]


def codes(column: pd.Categorical) -> Integers:
    return column.codes.astype(np.int64)


def test_an_identity_depends_on_the_parents_key_and_the_position_alone() -> None:
    first = made(books)
    other = made(books, run(seed=7, dataset="elsewhere"))
    ours = dict(
        zip(zip(first.parent.number, first.position, strict=True), first.identity, strict=True)
    )
    theirs = dict(
        zip(zip(other.parent.number, other.position, strict=True), other.identity, strict=True)
    )
    shared = ours.keys() & theirs.keys()
    assert len(shared) > 100
    assert all(ours[place] == theirs[place] for place in shared)


def test_identities_are_those_written_here() -> None:
    assert made(shelves).identity[:2].tolist() == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4]
    assert made(books).identity[:2].tolist() == [4599570838768609432, 14776036416729492491]


def test_no_two_rows_share_an_identity_or_a_key() -> None:
    rows = made(loans)
    assert len(np.unique(rows.identity)) == len(np.unique(rows.key)) == len(rows) > 300


def test_seed_dataset_entity_and_column_each_give_other_values() -> None:
    drawn = {
        tuple(rows.bits(name).tolist())
        for rows, name in [
            (made(shelves), "cents"),
            (made(shelves), "other"),
            (made(shelves, run(seed=43)), "cents"),
            (made(shelves, run(dataset="archive")), "cents"),
            (made(books).take(np.arange(40)), "cents"),
        ]
    }
    assert len(drawn) == 5


def test_take_keeps_values() -> None:
    rows = made(books)
    index = np.array([100, 3, 57])
    some, pages = rows.take(index), cast("Integers", rows["pages"])
    assert integers(some["pages"]) == pages[index].tolist()
    assert some.number.tolist() == rows.number[index].tolist()
    assert some.key.tolist() == rows.key[index].tolist()
    assert cast("pd.Categorical", some["city"]).tolist() == (
        cast("pd.Categorical", rows["city"])[index].tolist()
    )


def test_take_leaves_behind_the_parents_that_nobody_needs() -> None:
    some = made(loans).take(np.array([0, 1]))
    assert some.parents is not None
    assert some.parents.parents is not None
    assert (len(some), len(some.parents), len(some.parents.parents)) == (2, 1, 1)


def test_take_accepts_a_mask_and_none() -> None:
    rows = made(books)
    assert len(rows.take(rows.position == 0)) == 40
    assert len(rows.take(np.zeros(0, dtype=np.int64))) == 0


def test_a_parents_columns_are_aligned_with_its_children() -> None:
    shelf, rows = made(shelves), made(books)
    place = {key: row for row, key in enumerate(shelf.key.tolist())}
    own = np.array([place[key] for key in np.asarray(rows["shelf_id"]).tolist()])
    assert own.tolist() == rows.index.tolist()
    assert np.asarray(rows["label"]).tolist() == np.asarray(shelf["label"])[own].tolist()
    assert integers(codes(cast("pd.Categorical", rows["city"]))) == (own % 3).tolist()
    assert rows["note"] == "same"


def test_a_grandparents_columns_are_aligned_too() -> None:
    rows = made(loans)
    shelf = (rows.parent.parent.number - 1) % 3
    assert cast("pd.Categorical", rows["city"]).codes.tolist() == shelf.tolist()
    assert integers(rows["pages"])[::2] == integers(made(books)["pages"])


def test_a_draw_of_the_parent_is_the_parents_own() -> None:
    shelf, rows = made(shelves), made(books)
    assert rows.parent.bits("x").tolist() == shelf.bits("x")[rows.index].tolist()
    assert rows.parent.uniform("x").tolist() == shelf.uniform("x")[rows.index].tolist()
    assert rows.parent.spread("x", 0).tolist() == shelf.spread("x", 0)[rows.index].tolist()


def test_a_column_function_that_draws_a_name_twice_is_stopped() -> None:
    @entity(table="shelves", key=uuid_key("0001-0001"))
    def doubled(rows: Rows) -> Columns:
        return {"a": rows.uniform("size"), "b": rows.integers("size", 1, 9)}

    with pytest.raises(BadDeclaration) as caught:
        _ = made(doubled).columns
    assert caught.value.problem == "draws 'size' twice; give the second draw its own name"


def test_the_same_draw_may_be_repeated_outside_of_the_column_function() -> None:
    rows = made(shelves)
    assert rows.bits("cents").tolist() == rows.bits("cents").tolist()
    assert (rows.integers("cents", 100, 999) == getattr(rows["cents"], "units", None)).all()


def test_an_entity_without_parent_says_so() -> None:
    with pytest.raises(BadDeclaration) as caught:
        _ = made(shelves).parent
    assert str(caught.value) == "entity 'shelves' has no parent; declare `per`"


def test_the_root_has_no_columns() -> None:
    with pytest.raises(BadDeclaration) as caught:
        _ = Rows.root(run()).columns
    assert str(caught.value) == "entity '(root)' has no key and no columns; declare `per`"


def test_rows_without_a_window_have_no_dates() -> None:
    with pytest.raises(BadDeclaration) as caught:
        _ = made(shelves).date
    assert str(caught.value) == "entity 'shelves' has no dates; count it with `daily`"


def test_dates_follow_from_the_position() -> None:
    @entity(table="visits", key=uuid_key("0001-0002", fan=100_000), count=daily(2, each=3))
    def visits(rows: Rows) -> Columns:
        return {"day": rows.date}

    days = np.datetime_as_string(made(visits).date).tolist()
    assert days == ["2026-11-20"] * 3 + ["2026-11-21"] * 3


def test_today_is_the_date_of_the_first_run() -> None:
    rolled = Run("library", 42, date(2026, 11, 25), date(2026, 11, 21), 1)
    assert str(made(shelves, rolled).as_of) == "2026-11-21"


def test_integers_hold_both_ends_and_take_an_end_for_every_row() -> None:
    rows = made(loans)
    assert set(rows.integers("die", 1, 6).tolist()) == {1, 2, 3, 4, 5, 6}
    most = rows.position * 5
    assert set(rows.integers("die", 0, most)[most == 0].tolist()) == {0}
    assert set(rows.integers("die", 0, most)[most == 5].tolist()) == {0, 1, 2, 3, 4, 5}


def test_uniform_stays_inside_its_bounds() -> None:
    drawn = made(loans).uniform("x", 0.28, 0.43)
    assert 0.28 <= drawn.min() < 0.29
    assert 0.42 < drawn.max() < 0.43


def many() -> Rows:
    @entity(table="grains", key=uuid_key("0001-0003"), count=exactly(20_000))
    def grains(rows: Rows) -> Columns:
        return {}

    return made(grains)


@pytest.mark.parametrize(
    ("probability", "least", "most"), [(0, 0, 0), (0.3, 5800, 6200), (1, 20_000, 20_000)]
)
def test_a_chance_is_as_likely_as_told(probability: float, least: int, most: int) -> None:
    assert least <= many().chance("x", probability).sum() <= most


def test_weighted_shares_are_those_of_the_weights() -> None:
    picked = many().weighted("x", {"card": 70, "none": 0, "paypal": 30})
    held = np.bincount(picked.codes, minlength=3)
    assert 13_800 <= held[0] <= 14_200
    assert held[1] == 0
    assert list(picked.categories) == ["card", "none", "paypal"]


def test_weights_need_no_particular_sum() -> None:
    rows = many()
    assert (
        rows.weighted("x", {"a": 0.7, "b": 0.3}).codes.tolist()
        == rows.weighted("x", {"a": 70, "b": 30}).codes.tolist()
    )


@pytest.mark.parametrize("size", [1, 3, 10, 50])
def test_picking_from_a_longer_list_moves_only_what_it_must(size: int) -> None:
    rows, values = many(), [f"value {number}" for number in range(size + 1)]
    before, after = codes(rows.pick("x", values[:-1])), codes(rows.pick("x", values))
    moved = before != after
    assert 0 < moved.sum() <= 20_000 * 2 / size
    assert set(after[moved].tolist()) == {size}


def test_choosing_from_a_longer_frame_moves_only_what_it_must() -> None:
    rows = many()
    before = rows.choose("x", pd.DataFrame({"id": range(10)}))
    after = rows.choose("x", pd.DataFrame({"id": range(11)}))
    moved = before != after
    assert 0 < moved.sum() <= 4_000
    assert set(after[moved].tolist()) == {10}


def test_nothing_can_be_picked_or_chosen_from_nothing() -> None:
    rows = made(shelves)
    with pytest.raises(BadDeclaration) as caught:
        rows.pick("city", [])
    assert str(caught.value) == "entity 'shelves' picks 'city' from no values"
    with pytest.raises(BadDeclaration) as caught:
        rows.choose("page", pd.DataFrame({"id": []}))
    assert str(caught.value) == "entity 'shelves' chooses 'page' from no rows"


# -- columns of a known type --------------------------------------------------------------------


@entity(table="copies", key=uuid_key("0001-0009"), count=exactly(2))
def copies(rows: Rows) -> Columns:
    """A column of every kind."""
    return {
        "bought": np.array(["2026-11-21T08:00", "2026-11-22T09:30"], dtype="datetime64[s]"),
        "day": np.datetime64("2026-11-21", "D"),
        "state": categorical(np.array([1, 0]), ("lent", "free")),
        "code": np.array([b"c-1", b"c-2"]),
        "label": "new",
        "pages": np.array([7, 8]),
        "lent": np.array([False, True]),
        "owner": KEY_OF_OWNERS.encode(np.array([1, 2])),
        "tags": objects([["a"], []]),
        "notes": {"by": "seed"},
    }


KEY_OF_OWNERS = uuid_key("0001-0008")


def test_times_are_moments_whether_they_were_seconds_days_or_the_same_for_all() -> None:
    rows = made(copies)
    assert rows.times("bought").dtype == np.dtype("datetime64[us]")
    assert rows.times("bought").astype(str).tolist() == [
        "2026-11-21T08:00:00.000000",
        "2026-11-22T09:30:00.000000",
    ]
    assert rows.times("day").astype(str).tolist() == ["2026-11-21T00:00:00.000000"] * 2


def test_texts_are_python_texts() -> None:
    rows = made(copies)
    assert rows.texts("state").tolist() == ["free", "lent"]
    assert rows.texts("code").tolist() == ["c-1", "c-2"]
    assert rows.texts("label").tolist() == ["new", "new"]
    assert [rows.texts(name).dtype.kind for name in ("state", "code", "label")] == ["O"] * 3


def test_numbers_are_whole_and_booleans_0_and_1() -> None:
    rows = made(copies)
    assert (rows.numbers("pages").tolist(), rows.numbers("lent").tolist()) == ([7, 8], [0, 1])
    assert rows.numbers("lent").dtype == np.int64


def test_keys_stay_as_the_database_holds_them() -> None:
    assert made(copies).keys("owner").dtype == np.dtype("V16")
    assert made(copies).keys("owner").tolist() == KEY_OF_OWNERS.encode(np.array([1, 2])).tolist()


def test_values_are_lists_and_objects_as_they_are() -> None:
    assert made(copies).values("tags").tolist() == [["a"], []]
    assert made(copies).values("notes").tolist() == [{"by": "seed"}, {"by": "seed"}]


def test_ago_counts_days_back_from_as_of_in_whole_seconds() -> None:
    rows = made(copies)
    assert str(rows.as_of) == "2026-11-21"
    assert rows.ago(np.array([0.0, 0.5]), 1, 2).astype(str).tolist() == [
        "2026-11-20T00:00:00.000000",
        "2026-11-19T12:00:00.000000",
    ]
    assert rows.ago(0, 7, 9).astype(str).tolist() == ["2026-11-14T00:00:00.000000"] * 2
