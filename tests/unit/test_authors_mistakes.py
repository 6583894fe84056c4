"""An author's mistake is a sentence: what is wrong, in which entity, in which file and line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

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
    choose,
    counted,
    entity,
    exactly,
    text_key,
    update,
    uuid_key,
    view,
)
from seedbed.declare.errors import UsageError
from seedbed.engine.first_rows import empty_run, first_rows
from seedbed.engine.target import target
from seedbed.postgres.checks import check, queries

DAY = date(2026, 11, 21)
KEY, CHILD = uuid_key("0001-0001"), uuid_key("0001-0002", fan=10)


def wrong(value: object) -> Any:
    """The value, of which a type checker would tell before the sentence does."""
    return value


@entity(table="shelves", key=KEY, count=exactly(2))
def shelves(rows: Rows) -> Columns:
    """Where books stand."""
    return {"label": "low", "width": rows.integers("width", 1, 9)}


shops = Table("shops", "shops", ("city",), examples=({"id": "a", "city": "Hue"},))
unmade: Columns = {}


def made(of: Any) -> None:
    """Make the rows of an entity."""
    library = Dataset("library", Path("tasks/library"), (shelves, of))
    first_rows(library, of, 50, as_of=DAY)


def a_plain_number() -> None:
    @entity(table="books", key=CHILD, count=wrong(2))  # here
    def books(rows: Rows) -> Columns:
        return {}


def a_function_for_a_count() -> None:
    def each(rows: Rows) -> Any:
        return rows.position

    @entity(table="books", key=CHILD, count=wrong(each))  # here
    def books(rows: Rows) -> Columns:
        return {}


def a_name_for_a_parent() -> None:
    @entity(table="books", key=CHILD, per=wrong("shelves"))  # here
    def books(rows: Rows) -> Columns:
        return {}


def a_name_for_an_upstream() -> None:
    @entity(table="books", key=CHILD, upstream=wrong(("shelves",)))  # here
    def books(rows: Rows, shelves: pd.DataFrame) -> Columns:
        return {}


def an_upstream_without_a_tuple() -> None:
    @entity(table="books", key=CHILD, upstream=wrong(shelves))  # here
    def books(rows: Rows, shelves: pd.DataFrame) -> Columns:
        return {}


def an_optional_column_without_a_tuple() -> None:
    @entity(table="books", key=CHILD, optional="notes")  # here
    def books(rows: Rows) -> Columns:
        return {}


def a_column_for_a_key() -> None:
    @entity(table="books", key=wrong("id"))  # here
    def books(rows: Rows) -> Columns:
        return {}


def an_upstream_of_another_name() -> None:
    @entity(table="books", key=CHILD, upstream=(shelves,))  # here
    def books(rows: Rows, shelf: pd.DataFrame) -> Columns:
        return {}


def a_function_that_takes_nothing() -> None:
    @entity(table="books", key=CHILD)  # here
    def books() -> Columns:
        return {}


def an_update_of_another_name() -> None:
    @update(shelves, upstream=(shops,))  # here
    def tidied(rows: Rows) -> Columns:
        return {}


def a_view_of_another_number() -> None:
    @view(shops)  # here
    def near() -> pd.DataFrame:
        return pd.DataFrame()


def columns_of_a_table_without_a_tuple() -> None:
    Table("shops", "shops", wrong("city"))  # here


def a_uuid_for_rows_of_others() -> None:
    @entity(table="books", key=CHILD, per=shops)  # here
    def books(rows: Rows) -> Columns:
        return {}


def an_unknown_column_of_a_parent() -> None:
    @entity(table="books", key=CHILD, per=shelves)
    def books(rows: Rows) -> Columns:
        return {"label": rows.parent["lable"]}  # here

    made(books)


def an_unknown_column_of_a_table() -> None:
    @entity(table="books", key=text_key("bk"), per=shops)
    def books(rows: Rows) -> Columns:
        return {"town": rows.parent["town"]}  # here

    made(books)


def a_child_without_fan() -> None:
    @entity(table="books", key=uuid_key("0001-0002"), per=shelves)  # here
    def books(rows: Rows) -> Columns:
        return {}

    made(books)


def more_rows_than_the_fan() -> None:
    @entity(table="books", key=CHILD, per=shelves, count=exactly(11))  # here
    def books(rows: Rows) -> Columns:
        return {}

    made(books)


def a_draw_twice() -> None:
    @entity(table="books", key=CHILD, per=shelves)
    def books(rows: Rows) -> Columns:
        low = rows.integers("pages", 1, 9)
        return {"low": low, "high": low + rows.integers("pages", 1, 9)}  # here

    made(books)


def an_exception() -> None:
    @entity(table="books", key=CHILD, per=shelves)
    def books(rows: Rows) -> Columns:
        return {"pages": int("many")}  # here

    made(books)


def an_exception_in_a_function_of_the_dataset() -> None:
    def pages(rows: Rows) -> Any:
        return unmade["pages"]  # here

    @entity(table="books", key=CHILD, per=shelves)
    def books(rows: Rows) -> Columns:
        return {"pages": pages(rows)}

    made(books)


def an_exception_in_a_count() -> None:
    @entity(
        table="books",
        key=CHILD,
        per=shelves,
        count=counted(lambda above: above.position.nope),  # type: ignore[attr-defined] # here
    )
    def books(rows: Rows) -> Columns:
        return {}

    made(books)


def a_count_for_all_parents() -> None:
    def ones(above: Rows) -> Any:  # here
        return np.ones(1)

    @entity(table="books", key=CHILD, per=shelves, count=counted(wrong(ones)))
    def books(rows: Rows) -> Columns:
        return {}

    made(books)


def an_exception_in_a_view() -> None:
    @view(shops)
    def near(shops: pd.DataFrame) -> pd.DataFrame:
        return shops[shops["town"] == "Hue"]  # here

    @entity(table="books", key=text_key("bk"), per=near)
    def books(rows: Rows) -> Columns:
        return {}

    made(books)


def a_view_without_its_key() -> None:
    @view(shops, key="shop_id")  # here
    def near(shops: pd.DataFrame) -> pd.DataFrame:
        return shops

    @entity(table="books", key=text_key("bk"), per=near)
    def books(rows: Rows) -> Columns:
        return {}

    made(books)


def candidates_without_their_key() -> None:
    @view(shops, key="shop_id")  # here
    def near(shops: pd.DataFrame) -> pd.DataFrame:
        return shops

    @entity(table="books", key=CHILD, per=shelves, choose=choose(near))
    def books(rows: Rows) -> Columns:
        return {}

    made(books)


def an_exception_in_an_update() -> None:
    @update(shelves)
    def tidied(rows: Rows) -> Columns:
        return {"label": 1 / int(rows.position[0])}  # here

    library = Dataset("library", Path("tasks/library"), (shelves,), later=(tidied,))
    tidied.columns(target(shelves, empty_run(library, as_of=DAY)))


def too_few_values() -> None:
    @entity(table="books", key=CHILD, per=shelves, count=exactly(2))  # here
    def books(rows: Rows) -> Columns:
        return {"pages": np.array([1, 2, 3])}

    made(books)


def a_series() -> None:
    @entity(table="books", key=CHILD, per=shelves)  # here
    def books(rows: Rows) -> Columns:
        return {"pages": pd.Series(rows.position)}

    made(books)


def something_else_than_columns() -> None:
    @entity(table="books", key=CHILD, per=shelves)  # here
    def books(rows: Rows) -> Any:
        return [rows.position]

    made(books)


def an_unknown_minimum() -> None:
    @entity(table="books", key=text_key("bk"), per=shops, count=at_least("book", of="shop"))  # here
    def books(rows: Rows) -> Columns:
        return {}

    numbers = (Minimum("books", 1, 2, 3, "books of a shop"),)
    library = Dataset("library", Path("tasks/library"), (books,), requirements=numbers)
    first_rows(library, books, as_of=DAY)


def a_parent_that_there_is_not() -> None:
    @entity(table="books", key=KEY)
    def books(rows: Rows) -> Columns:
        return {"label": rows.parent["label"]}  # here

    made(books)


SENTENCES: dict[Callable[[], None], str] = {
    a_plain_number: "entity 'books' has count=2; write exactly(2) or scaled(2)",
    a_function_for_a_count: (
        "entity 'books' has the function each for a count; write counted(each)"
    ),
    a_name_for_a_parent: (
        "entity 'books' has per='shelves'; write the entity itself, not its name: shelves"
    ),
    a_name_for_an_upstream: (
        "entity 'books' has upstream='shelves'; write the entity itself, not its name: shelves"
    ),
    an_upstream_without_a_tuple: "entity 'books' has upstream=shelves; write a tuple: (shelves,)",
    an_optional_column_without_a_tuple: (
        "entity 'books' has optional='notes'; write a tuple: ('notes',)"
    ),
    a_column_for_a_key: "entity 'books' has key='id'; write uuid_key(…) or text_key(…)",
    an_upstream_of_another_name: (
        "entity 'books' takes ['shelf'] but declares upstream ['shelves']; make the two the same"
    ),
    a_function_that_takes_nothing: ("entity 'books' takes nothing; its first parameter is `rows`"),
    an_update_of_another_name: (
        "entity 'tidied' takes [] but declares upstream ['shops']; make the two the same"
    ),
    a_view_of_another_number: (
        "entity 'near' takes [] but declares ['shops']; make the two the same"
    ),
    columns_of_a_table_without_a_tuple: (
        "entity 'shops' has columns='city'; write a tuple: ('city',)"
    ),
    a_uuid_for_rows_of_others: (
        "entity 'books' is made per shops, whose rows have no numbers; take text_key without fan"
    ),
    an_unknown_column_of_a_parent: (
        "entity 'books' of library fails: unknown column of shelves 'lable'; did you mean 'label'?"
    ),
    an_unknown_column_of_a_table: (
        "entity 'books' of library fails: unknown column of shops 'town'; known: city, id, seeded"
    ),
    a_child_without_fan: (
        "entity 'books' of library cannot number its rows: key '0001-0002' has no fan, so only "
        "one parent can have rows; give it a fan, the most rows that a parent can ever have: "
        "fan=100"
    ),
    more_rows_than_the_fan: (
        "entity 'books' of library cannot number its rows: key '0001-0002' has fan=10, too few "
        "for position 10; raise its fan"
    ),
    a_draw_twice: (
        "entity 'books' of library draws 'pages' twice; give the second draw its own name"
    ),
    an_exception: (
        "entity 'books' of library fails with ValueError: "
        "invalid literal for int() with base 10: 'many'"
    ),
    an_exception_in_a_function_of_the_dataset: (
        "entity 'books' of library fails with KeyError: 'pages'"
    ),
    an_exception_in_a_count: (
        "entity 'books' of library fails with AttributeError: "
        "'numpy.ndarray' object has no attribute 'nope'"
    ),
    a_count_for_all_parents: (
        "entity 'books' of library counts rows of shape (1,) for 2 parents; give one number each"
    ),
    an_exception_in_a_view: "entity 'near' of library fails with KeyError: 'town'",
    a_view_without_its_key: (
        "entity 'near' of library has no column 'shop_id', by which its rows are known; make it, "
        "or name another as its key"
    ),
    candidates_without_their_key: (
        "entity 'near' of library has no column 'shop_id', by which its rows are known; make it, "
        "or name another as its key"
    ),
    an_exception_in_an_update: (
        "entity 'tidied' of library fails with ZeroDivisionError: division by zero"
    ),
    too_few_values: (
        "entity 'books' of library makes 3 values for column 'pages' of 4 rows; make one a row"
    ),
    a_series: (
        "entity 'books' of library returns a pandas Series for column 'pages'; "
        "add .to_numpy() to it"
    ),
    something_else_than_columns: (
        "entity 'books' of library returns a list; return a dict of columns by name"
    ),
    an_unknown_minimum: (
        "entity 'books' of library fails: unknown requirement of library 'book'; "
        "did you mean 'books'?"
    ),
    a_parent_that_there_is_not: "entity 'books' of library has no parent; declare `per`",
}


def marked(mistake: Callable[[], None]) -> int:
    """The line with the comment "here"."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    first = mistake.__code__.co_firstlineno
    return next(n for n in range(first, len(lines)) if lines[n - 1].endswith("# here"))


@pytest.mark.parametrize("mistake", SENTENCES, ids=lambda one: one.__name__)
def test_a_mistake_is_a_sentence_with_file_and_line(mistake: Callable[[], None]) -> None:
    with pytest.raises(UsageError) as caught:
        mistake()
    place = f"tests/unit/test_authors_mistakes.py:{marked(mistake)}"
    assert str(caught.value) == f"{SENTENCES[mistake]} ({place})"


def library(folder: Path, text: str) -> Dataset:
    (folder / "tasks" / "library").mkdir(parents=True)
    (folder / "tasks" / "library" / "checks.sql").write_text(text)
    return Dataset("library", folder / "tasks" / "library", (shelves,))


RULED = "-- name: all_is_well\n-- A rule.\nSELECT id FROM {shelves} WHERE false;\n"

CHECKS = {
    "": (
        "dataset library has no checks in tasks/library/checks.sql; "
        "begin one with `-- name: every_…`, a line with its rule as a "
        "comment, and a SELECT of what breaks it"
    ),
    RULED + RULED: (
        "check 'all_is_well' of library stands here and in line 1; give one another name "
        "(tasks/library/checks.sql:4)"
    ),
    "\n" + RULED.replace("shelves", "shelfs"): (
        "check 'all_is_well' of library has an unknown placeholder 'shelfs'; "
        "did you mean 'shelves'? (tasks/library/checks.sql:2)"
    ),
    RULED.replace("false", "data = '{}'"): (
        "check 'all_is_well' of library has a brace that stands for no name; "
        "write {{ and }} for braces of SQL (tasks/library/checks.sql:1)"
    ),
    RULED.replace("false", "data = '{'"): (
        "check 'all_is_well' of library has a brace that stands for no name; "
        "write {{ and }} for braces of SQL (tasks/library/checks.sql:1)"
    ),
}


@pytest.mark.parametrize("text", CHECKS)
def test_a_mistake_in_checks_is_a_sentence_with_file_and_line(text: str, tmp_path: Path) -> None:
    of = library(tmp_path, text)
    unreached: Any = None  # the sentence comes before anything is asked
    with pytest.raises(UsageError) as caught:
        for query in queries(of):
            check(unreached, of, empty_run(of, as_of=DAY), query)
    assert str(caught.value) == CHECKS[text]
