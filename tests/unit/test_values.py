"""Values: exact decimals, texts, NULLs and categories."""

from __future__ import annotations

import datetime
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from seedbed.declare.values import (
    Column,
    FixedPoint,
    Integers,
    categorical,
    money,
    nullable,
    ratio,
    take,
    text,
)


def integers(*values: int) -> Integers:
    return np.array(values, dtype=np.int64)


def listed(column: Column) -> list[Any]:
    """A category's values; NULL as None."""
    values = cast("pd.Categorical", column)
    return [None if code < 0 else values.categories[int(code)] for code in values.codes]


def test_money_counts_cents() -> None:
    amount = money(integers(0, 5, 1234))
    assert (amount.units.tolist(), amount.places, len(amount)) == ([0, 5, 1234], 2, 3)


@pytest.mark.parametrize(
    ("numerator", "denominator", "places", "units"),
    [
        (1, 3, 4, 3333),
        (2, 3, 4, 6667),
        (1, 2, 0, 1),  # half goes up
        (3, 2, 0, 2),
        (5, 2, 0, 3),  # and not to the even neighbour
        (1, 8, 2, 13),  # 0.125 is 0.13
        (1, 16, 3, 63),  # 0.0625 is 0.063
        (49, 100, 0, 0),
        (0, 7, 4, 0),
        (7, 7, 4, 10_000),
        (123_456_789, 1, 4, 1_234_567_890_000),
    ],
)
def test_a_ratio_is_rounded_half_up(
    numerator: int, denominator: int, places: int, units: int
) -> None:
    quotient = ratio(integers(numerator), integers(denominator), places)
    assert (quotient.units.tolist(), quotient.places) == ([units], places)


def test_a_ratio_by_nothing_is_0() -> None:
    assert ratio(integers(5, 0, 6), integers(0, 0, 4), 2).units.tolist() == [0, 0, 150]


def test_a_text_has_at_least_that_many_digits() -> None:
    made = text(integers(1, 42, 12345), prefix="PAY-", digits=4, suffix="-ALPHA")
    assert made.tolist() == [b"PAY-0001-ALPHA", b"PAY-0042-ALPHA", b"PAY-12345-ALPHA"]
    assert text(integers(7)).tolist() == [b"7"]
    assert text(integers(), prefix="PAY-", digits=4).tolist() == []


def test_where_is_null_elsewhere() -> None:
    column = nullable(integers(1, 2, 3), np.array([True, False, True]))
    assert isinstance(column, np.ma.MaskedArray)
    assert column.tolist() == [1, None, 3]


def test_a_category_keeps_the_order_of_its_values() -> None:
    column = categorical(integers(2, 0, 1, 0), ["c", "a", "b"])
    assert listed(column) == ["b", "c", "a", "c"]
    assert list(column.categories) == ["c", "a", "b"]


def test_a_category_may_repeat_values_and_hold_none() -> None:
    column = categorical(integers(0, 1, 2, 3), ["a", None, "a", "b"])
    assert listed(column) == ["a", None, "a", "b"]
    assert list(column.categories) == ["a", "b"]


def test_the_same_values_make_the_same_type_object() -> None:
    one, other = categorical(integers(0), ["x", "y"]), categorical(integers(1), iter(["x", "y"]))
    assert one.dtype is other.dtype


def test_booleans_stay_booleans_after_equal_numbers_were_used() -> None:
    assert listed(categorical(integers(0, 1), [0, 1])) == [0, 1]
    assert categorical(integers(0, 1), [False, True]).categories.dtype == np.dtype("bool")
    assert categorical(integers(0, 1), [0.0, 1.0]).categories.dtype == np.dtype("float64")


def test_take_gives_the_rows_of_every_kind_of_column() -> None:
    index = integers(2, 0, 0)
    assert take(np.array(["a", "b", "c"], dtype=object), index).tolist() == ["c", "a", "a"]  # type: ignore[attr-defined]  # a Column may be any object
    taken = take(FixedPoint(integers(1, 2, 3), 4), index)
    assert isinstance(taken, FixedPoint)
    assert (taken.units.tolist(), taken.places) == ([3, 1, 1], 4)
    assert listed(take(categorical(integers(0, 1, 2), ["x", None, "z"]), index)) == ["z", "x", "x"]
    masked = take(nullable(integers(7, 8, 9), np.array([False, True, True])), index)
    assert isinstance(masked, np.ma.MaskedArray)
    assert masked.tolist() == [9, None, None]


@pytest.mark.parametrize("scalar", ["text", 5, None, {"a": 1}, datetime.date(2026, 11, 21)])
def test_take_leaves_a_scalar_a_scalar(scalar: object) -> None:
    assert take(scalar, integers(0, 0)) == scalar
