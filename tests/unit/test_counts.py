"""Counts: how many rows a parent has, and at which positions."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from seedbed import Columns, between, counted, daily, entity, exactly, scaled, uuid_key
from seedbed.declare.counts import Count
from seedbed.engine.rows import Rows
from seedbed.engine.run import Run
from seedbed.engine.target import chunks


@entity(table="shelves", key=uuid_key("0001-0001"), count=exactly(1000))
def shelves(rows: Rows) -> Columns:
    """A thousand parents."""
    return {"label": rows.position}


def parents(*, scale: int = 1, seed: int = 42, as_of: date = date(2026, 11, 21)) -> Rows:
    return next(chunks(shelves, Run("library", seed, as_of, as_of, scale), 1000))


@pytest.mark.parametrize(
    ("count", "scale", "rows"),
    [
        (exactly(3), 1, 3),
        (exactly(3), 10, 3),
        (scaled(3), 1, 3),
        (scaled(3), 10, 30),
        (exactly(0), 5, 0),
        (daily(30), 10, 30),
        (daily(30, each=3), 1, 90),
    ],
)
def test_every_parent_has_as_many_rows(count: Count, scale: int, rows: int) -> None:
    assert set(count.number(parents(scale=scale)).tolist()) == {rows}


@pytest.mark.parametrize(
    "count", [exactly(3), scaled(3), between(1, 3), counted(lambda shelf: shelf.position)]
)
def test_positions_start_at_0(count: Count) -> None:
    assert set(count.first(parents()).tolist()) == {0}


def test_between_holds_both_ends_and_every_number_alike() -> None:
    number = between(8, 12).number(parents())
    held = np.bincount(number)[8:]
    assert held.tolist() == [209, 185, 210, 201, 195]


def test_between_depends_on_seed_and_parent_alone() -> None:
    everyone, some = parents(), parents().take(np.array([3, 500, 999]))
    whole = between(8, 12).number(everyone)
    assert between(8, 12).number(some).tolist() == whole[[3, 500, 999]].tolist()
    assert between(8, 12).number(parents(scale=7)).tolist() == whole.tolist()
    assert between(8, 12).number(parents(seed=43)).tolist() != whole.tolist()


def test_between_equal_ends_is_exactly_that() -> None:
    assert set(between(4, 4).number(parents()).tolist()) == {4}


def test_counted_follows_the_parents_own_values() -> None:
    count = counted(lambda shelf: shelf.position % 3)
    assert count.number(parents())[:7].tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_a_window_ends_at_as_of_and_numbers_its_days_since_1970() -> None:
    first = daily(30).first(parents(as_of=date(2026, 11, 21)))
    assert set(first.tolist()) == {20_749}  # 2026-10-23
    assert set(daily(1).first(parents(as_of=date(1970, 1, 1))).tolist()) == {0}


def test_a_window_of_three_a_day_has_three_positions_a_day() -> None:
    first = daily(30, each=3).first(parents(as_of=date(2026, 11, 21)))
    assert set(first.tolist()) == {62_247}


def test_a_window_may_have_another_length_in_every_parent() -> None:
    window = daily(lambda shelf: shelf.position + 1)
    some = parents().take(np.array([0, 1, 9]))
    assert window.number(some).tolist() == [1, 2, 10]
    assert window.first(some).tolist() == [20_778, 20_777, 20_769]
