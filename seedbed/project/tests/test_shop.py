"""shop: the declarations say what they are meant to."""

from __future__ import annotations

from datetime import date

import numpy as np

from seedbed.engine.run import Run
from seedbed.engine.target import target
from tasks.shop import shop
from tasks.shop.customers import customers
from tasks.shop.orders import MOST, orders

TODAY = date(2026, 1, 31)


def run(scale: int = 1) -> Run:
    """The coordinates of a run: dataset, seed, as_of and scale."""
    return Run("shop", 42, TODAY, TODAY, scale)


def test_the_dataset_has_its_entities() -> None:
    assert [one.name for one in shop.entities] == ["customers", "orders"]


def test_there_are_twenty_customers_at_scale_one() -> None:
    assert len(target(customers, run())) == 20
    assert len(target(customers, run(scale=3))) == 60


def test_every_customer_has_one_to_five_orders() -> None:
    made = target(orders, run())
    _, each = np.unique(np.asarray(made["customer_id"]), return_counts=True)
    assert len(each) == 20
    assert each.min() >= 1
    assert each.max() <= MOST
