"""Plan: gaps, and the sentences about them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from seedbed import Columns, entity, exactly, uuid_key
from seedbed.engine.plan import Pin, Plan, Removal, Standing, missing, sentence
from seedbed.engine.rows import Rows
from seedbed.engine.run import Run
from seedbed.engine.target import chunks

PIN = Pin("orders", 2, by="refunds", column="order_id", examples=("STG-0001", "STG-0002"))


@entity(table="shops", key=uuid_key("0001-0001"), count=exactly(5))
def shops(rows: Rows) -> Columns:
    return {"place": rows.position}


def five() -> Rows:
    today = date(2026, 11, 21)
    return next(chunks(shops, Run("library", 42, today, today, 1), 10))


def test_the_gap_is_target_minus_present() -> None:
    orders = Standing("orders", "orders", target=100, present=97, beyond=4)
    events = Standing("order_events", "order_events", target=277, present=270, beyond=0)
    assert (orders.gap, events.gap) == (3, 7)
    assert Plan("commerce", (orders, events), Removal({}, ())).gap == 10
    assert str(Plan("commerce", (orders, events), Removal({}, ()))) == "10 rows to add"
    paid = Standing("orders_paid", "orders", target=100, present=98, settles=True)
    assert str(Plan("commerce", (orders, paid), Removal({}, ()))) == "3 rows to add, 2 to change"


def test_a_removal_counts_its_rows() -> None:
    assert Removal({"orders": 98, "order_items": 124}, (PIN,), kept=2).rows == 222
    assert Removal({}, ()).rows == 0


def test_a_pin_names_rows_table_column_and_examples() -> None:
    assert str(PIN) == "2 of orders, needed by refunds.order_id (STG-0001, STG-0002)"


@pytest.mark.parametrize(
    ("present", "positions"),
    [([], [0, 1, 2, 3, 4]), ([2, 4], [0, 2, 4]), ([5, 4, 3, 2, 1], []), ([7, 99, 1], [1, 2, 3, 4])],
)
def test_missing_rows_are_those_whose_number_is_not_present(
    present: list[int], positions: list[int]
) -> None:
    assert missing(five(), np.array(present, dtype=np.int64)).position.tolist() == positions


def test_a_chunk_that_misses_nothing_else_is_handed_on_as_it_is() -> None:
    rows = five()
    assert missing(rows, np.zeros(0, dtype=np.int64)) is rows


@pytest.mark.parametrize(
    ("added", "removed", "tables", "said"),
    [
        (837, 0, [f"table {number}" for number in range(25)], "+837 rows in 25 tables, 3.1 s"),
        (2, 0, ["orders", "orders"], "+2 rows in 1 table, 3.1 s"),
        (6, 6, ["a", "b"], "+6 rows in 2 tables, -6 rows, 3.1 s"),
        (0, 0, [], "+0 rows in 0 tables, 3.1 s"),
    ],
)
def test_a_run_says_what_it_did(added: int, removed: int, tables: list[str], said: str) -> None:
    assert sentence(added, removed, tables, 3.14) == said
