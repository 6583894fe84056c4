"""Entity: what a declaration says, and the sentences about a mistaken one."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pandas as pd
import pytest

from seedbed import Columns, Dataset, Rows, Table, daily, entity, exactly, uuid_key
from seedbed.declare.errors import BadDeclaration, UnknownName

products = Table("products", "products", ("code",), required={"code": ("A",)})


@entity(table="shops", key=uuid_key("0001-0001"))
def shops(rows: Rows) -> Columns:
    """The only shop.

    More about it.
    """
    return {}


@entity(table="visits", key=uuid_key("0001-0002"), per=shops, count=daily(7), chunk=2)
def visits(rows: Rows) -> Columns:
    return {}


@entity(
    table="visits",
    key=uuid_key("0001-0003"),
    upstream=(shops, products, visits),
    references={"entity_id": visits},
)
def tallies(
    rows: Rows, shops: pd.DataFrame, products: pd.DataFrame, visits: pd.DataFrame
) -> Columns:
    """Sums."""
    return {}


library = Dataset(name="library", folder=Path("library"), entities=(tallies, visits, shops))


def test_an_entity_takes_name_and_description_from_its_function() -> None:
    assert (shops.name, shops.about) == ("shops", "The only shop.")
    assert visits.about == ""


def test_an_entity_is_one_row_unless_it_counts_itself() -> None:
    assert shops.count == exactly(1)
    assert (shops.chunk, visits.chunk) == (None, 2)
    assert (shops.windowed, visits.windowed) == (False, True)


def test_an_entity_waits_for_its_parent_and_its_upstream_but_not_for_sources() -> None:
    assert shops.above == ()
    assert visits.above == (shops,)
    assert tallies.above == (shops, visits)
    assert tallies.references == {"entity_id": visits}


def test_an_entity_is_frozen_and_can_be_looked_up() -> None:
    with pytest.raises(FrozenInstanceError):
        shops.table = "other"  # type: ignore[misc]  # that is the test
    assert {shops: 1, visits: 2}[visits] == 2
    assert shops != visits


def test_parameters_that_are_not_the_upstream_are_an_error() -> None:
    def orders(rows: Rows, shop: pd.DataFrame) -> Columns:
        return {}

    with pytest.raises(BadDeclaration) as caught:
        entity(table="orders", key=uuid_key("0001-0004"), upstream=(shops,))(orders)
    assert caught.value.problem == (
        "takes ['shop'] but declares upstream ['shops']; make the two the same"
    )
    assert caught.value.exit_code == 2


def test_upstream_that_the_function_does_not_take_is_an_error() -> None:
    def orders(rows: Rows) -> Columns:
        return {}

    with pytest.raises(BadDeclaration) as caught:
        entity(table="orders", key=uuid_key("0001-0004"), upstream=(products,))(orders)
    assert caught.value.problem == (
        "takes [] but declares upstream ['products']; make the two the same"
    )


def test_upstream_in_another_order_is_an_error() -> None:
    def orders(rows: Rows, products: pd.DataFrame, shops: pd.DataFrame) -> Columns:
        return {}

    with pytest.raises(BadDeclaration) as caught:
        entity(table="orders", key=uuid_key("0001-0004"), upstream=(shops, products))(orders)
    assert "takes ['products', 'shops'] but declares upstream ['shops', 'products']" in str(
        caught.value
    )


def test_a_dataset_names_its_tables_and_prerequisites_once() -> None:
    assert library.tables == ("visits", "shops")
    assert library.prerequisites == (products,)
    assert library.reads == ("products",)
    assert library.version == 1


def test_a_dataset_finds_its_entities_and_suggests_near_names() -> None:
    assert library.named("visits") == (visits,)
    with pytest.raises(UnknownName) as caught:
        library.named("visit")
    assert str(caught.value) == "unknown entity of library 'visit'; did you mean 'visits'?"
