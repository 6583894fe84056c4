"""First rows: an entity can be called and looked at, without a database."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from seedbed import (
    Columns,
    Dataset,
    Minimum,
    Rows,
    Table,
    at_least,
    entity,
    exactly,
    first_rows,
    text_key,
    uuid_key,
)
from seedbed.cli.__main__ import main
from seedbed.cli.errors import BadRows
from seedbed.cli.rows import printed
from seedbed.declare.errors import UnknownName
from seedbed.engine.first_rows import empty_run
from seedbed.engine.target import target

DAY = date(2026, 11, 21)

towns = Table("towns", "towns", ("name",), examples=({"id": 7, "name": "Hue"},))


@entity(table="shelves", key=uuid_key("0001-0001"), count=exactly(2))
def shelves(rows: Rows) -> Columns:
    """Where books stand."""
    return {"label": np.array(["low", "high"], dtype=object)}


@entity(
    table="books",
    key=uuid_key("0001-0002", fan=10),
    per=shelves,
    count=exactly(2),
    upstream=(towns,),
)
def books(rows: Rows, towns: pd.DataFrame) -> Columns:
    """Books of a shelf."""
    return {"shelf": rows.parent["label"], "town": towns["name"].iloc[0]}


every_book = Table("every book", "books", ("shelf",), after=(books,))
lost = Table("lost", "lost", ("since",))


@entity(table="marks", key=text_key("mk"), per=every_book, count=at_least("marks", of="book_id"))
def marks(rows: Rows) -> Columns:
    """Marks in a book."""
    return {"book_id": rows.parent.key, "shelf": rows.parent["shelf"]}


@entity(table="notices", key=text_key("no"), per=lost)
def notices(rows: Rows) -> Columns:
    """A notice for what is lost."""
    return {"since": rows.parent["since"]}


library = Dataset(
    name="library",
    folder=Path("library"),
    entities=(shelves, books, marks, notices),
    requirements=(Minimum("marks", 1, 2, 3, "marks in a book"),),
)

BOOKS = [
    {"id": "00000000-5eed-0001-0002-000000000001", "shelf": "low", "town": "Hue"},
    {"id": "00000000-5eed-0001-0002-000000000002", "shelf": "low", "town": "Hue"},
    {"id": "00000000-5eed-0001-0002-000000000011", "shelf": "high", "town": "Hue"},
]


def records(frame: pd.DataFrame) -> list[dict[str, str]]:
    return [
        {str(name): str(value) for name, value in row.items()} for row in frame.to_dict("records")
    ]


def test_first_rows_are_made_from_declarations_and_examples() -> None:
    assert records(first_rows(library, books, 3, as_of=DAY)) == BOOKS
    assert len(first_rows(library, books, 9, as_of=DAY)) == 4


def test_a_table_shows_the_rows_of_the_entities_that_it_comes_after() -> None:
    made = first_rows(library, marks, 8, as_of=DAY)
    assert made["shelf"].to_list() == ["low"] * 4 + ["high"] * 4  # two marks a book
    assert str(made["book_id"][0]) == BOOKS[0]["id"]


def test_what_belongs_to_rows_of_others_has_none_without_examples() -> None:
    made = first_rows(library, notices, as_of=DAY)
    assert (len(made), list(made.columns)) == (0, ["id", "since"])


def test_calling_an_entity_runs_its_function() -> None:
    run = empty_run(library, as_of=DAY)
    rows = target(books, run)
    assert list(np.asarray(books(rows)["shelf"])) == ["low", "low", "high", "high"]
    assert books(rows, pd.DataFrame({"name": ["Hanoi"]}))["town"] == "Hanoi"
    assert books(rows)["town"] == "Hue"


SELLERS = """commerce.sellers, table sellers, as of 2026-11-21: The staging shop.

 id          00000000-5eed-0001-0002-000000000001
 name        'Alpha Test Store'
 slug        'alpha-test-store'
 logo_url    NULL
 is_active   True
 created_at  2026-09-22 00:00:00
 updated_at  2026-09-22 00:00:00
"""


def test_show_prints_a_line_a_column(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "commerce.sellers", "--as-of", "2026-11-21"]) == 0
    assert capsys.readouterr().out == SELLERS


def test_show_prints_json() -> None:
    said = json.loads(printed("commerce.orders", 2, DAY, 42, as_json=True))
    assert [row["order_number"] for row in said] == ["STG-0001", "STG-0002"]


def test_show_tells_of_an_entity_that_makes_no_rows_here() -> None:
    said = printed("therapy.client_hearts", 5, DAY, 42, as_json=False).splitlines()
    assert said[1] == " makes no rows here: what it builds on is empty, or there are enough"


@pytest.mark.parametrize(
    ("name", "number", "said"),
    [
        (
            "orders",
            5,
            "show: 'orders' names no entity; write one as DATASET.ENTITY: commerce.orders",
        ),
        ("commerce.orders", 0, "show: --rows is 0; write a whole number from 1"),
        (
            "streaming.videos_ready",
            5,
            "show: 'streaming.videos_ready' changes or awaits something, and makes no rows; "
            "name an entity",
        ),
    ],
)
def test_show_says_what_is_wrong(name: str, number: int, said: str) -> None:
    with pytest.raises(BadRows) as caught:
        printed(name, number, DAY, 42, as_json=False)
    assert str(caught.value) == said


def test_show_suggests_the_nearest_entity() -> None:
    with pytest.raises(UnknownName, match="unknown entity of commerce 'order'; did you mean"):
        printed("commerce.order", 5, DAY, 42, as_json=False)
