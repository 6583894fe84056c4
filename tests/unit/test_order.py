"""Order: upstream first, whatever the order of declaration."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pytest

from seedbed import Columns, Dataset, Rows, entity, uuid_key
from seedbed.declare.entity import Entity
from seedbed.declare.errors import BadDeclaration, UnknownName
from seedbed.declare.reads import Step
from seedbed.engine.order import depth, ordered, selected, with_upstream


@entity(table="shops", key=uuid_key("0001-0001"))
def shops(rows: Rows) -> Columns:
    return {}


@entity(table="pages", key=uuid_key("0001-0002"), per=shops)
def pages(rows: Rows) -> Columns:
    return {}


@entity(table="users", key=uuid_key("0001-0003"))
def users(rows: Rows) -> Columns:
    return {}


@entity(table="orders", key=uuid_key("0001-0004"), per=pages, upstream=(users,))
def orders(rows: Rows, users: pd.DataFrame) -> Columns:
    return {}


@entity(table="totals", key=uuid_key("0001-0005"), per=shops, upstream=(orders,))
def totals(rows: Rows, orders: pd.DataFrame) -> Columns:
    return {}


library = Dataset(
    name="library", folder=Path("library"), entities=(totals, orders, users, pages, shops)
)


def names(steps: Iterable[Step]) -> list[str]:
    return [one.name for one in steps]


def test_upstream_comes_first() -> None:
    assert names(ordered(library.entities)) == ["shops", "users", "pages", "orders", "totals"]


def test_entities_that_wait_for_nothing_keep_the_order_given() -> None:
    assert names(ordered([users, shops])) == ["users", "shops"]
    assert names(ordered([shops, users])) == ["shops", "users"]


def test_entities_that_were_not_given_are_not_added() -> None:
    assert names(ordered([totals, shops])) == ["shops", "totals"]


def test_nothing_is_in_order() -> None:
    assert ordered([]) == ()


def test_upstream_is_added_on_demand() -> None:
    assert names(with_upstream([pages])) == ["shops", "pages"]
    assert names(with_upstream([totals])) == ["shops", "users", "pages", "orders", "totals"]


def test_a_run_takes_all_entities_unless_some_are_named() -> None:
    everything = ["shops", "users", "pages", "orders", "totals"]
    assert names(selected(library, (), upstream=False)) == everything
    assert names(selected(library, (), upstream=True)) == everything


def test_a_run_takes_only_the_named_entities() -> None:
    assert names(selected(library, ("totals", "shops"), upstream=False)) == ["shops", "totals"]
    assert names(selected(library, iter(["orders"]), upstream=False)) == ["orders"]
    assert names(selected(library, ("pages", "pages"), upstream=False)) == ["pages"]


def test_a_run_takes_the_named_entities_with_their_upstream() -> None:
    assert names(selected(library, ("orders",), upstream=True)) == [
        "shops",
        "users",
        "pages",
        "orders",
    ]


def test_an_unknown_entity_is_an_error() -> None:
    with pytest.raises(UnknownName) as caught:
        selected(library, ("order",), upstream=False)
    assert str(caught.value) == "unknown entity of library 'order'; did you mean 'orders'?"


def test_depth_is_the_tier_of_a_step() -> None:
    assert [depth(one) for one in (shops, users, pages, orders, totals)] == [0, 0, 1, 2, 3]


def test_a_circle_is_an_error() -> None:
    def chicken(rows: Rows) -> Columns:
        return {}

    def egg(rows: Rows, chicken: pd.DataFrame) -> Columns:
        return {}

    first = entity(table="chicken", key=uuid_key("0001-0006"))(chicken)
    second = entity(table="egg", key=uuid_key("0001-0007"), upstream=(first,))(egg)
    object.__setattr__(first, "upstream", (second,))
    for give in (ordered, with_upstream):
        with pytest.raises(BadDeclaration) as caught:
            give([first, second])
        assert str(caught.value) in {
            "entity 'chicken' is upstream of itself: chicken -> egg -> chicken",
            "entity 'egg' is upstream of itself: egg -> chicken -> egg",
        }


def test_many_ways_to_the_same_upstream_are_walked_once() -> None:
    tower = [shops]
    for number in range(40):

        def floor(rows: Rows) -> Columns:
            return {}

        floor.__name__ = f"floor_{number}"
        above = tower[-1]
        tower.append(
            Entity(floor.__name__, uuid_key("0002-0001"), shops.count, floor, above, (above,))
        )
    assert len(with_upstream([tower[-1]])) == 41
