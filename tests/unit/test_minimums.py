"""Minimums: the level's number, then the profile's, then the environment's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from seedbed.declare.errors import BadSetting, UnknownName
from seedbed.declare.minimums import DEFAULT, LEVELS, Minimum, resolved

BOOKS = Minimum("books", 10, 20, 30, "books of the base data")
LOANS = Minimum("loans", 1, 2, 3, "loans of a reader", most=5)
CARDS = Minimum("cards", 0, 0, 1, "cards of a reader", most=1)


def numbers(
    chosen: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
) -> dict[str, int | str]:
    return resolved("library", (BOOKS, LOANS, CARDS), chosen or {}, environ or {})


def problem(
    chosen: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
) -> str:
    with pytest.raises(BadSetting) as caught:
        numbers(chosen, environ)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_there_are_three_levels_and_medium_is_the_default() -> None:
    assert LEVELS == ("light", "medium", "full")
    assert DEFAULT == "medium"


def test_a_number_has_a_value_at_every_level() -> None:
    assert [BOOKS.at(level) for level in LEVELS] == [10, 20, 30]


def test_without_a_profile_numbers_are_those_of_the_default_level() -> None:
    assert numbers() == {"books": 20, "loans": 2, "cards": 0}


def test_a_dataset_without_numbers_resolves_none() -> None:
    assert resolved("library", (), {}, {}) == {}


@pytest.mark.parametrize(
    ("level", "values"),
    [
        ("light", {"books": 10, "loans": 1, "cards": 0}),
        ("medium", {"books": 20, "loans": 2, "cards": 0}),
        ("full", {"books": 30, "loans": 3, "cards": 1}),
    ],
)
def test_the_level_is_the_profiles_or_the_environments(level: str, values: dict[str, int]) -> None:
    assert numbers({"level": level}) == values
    assert numbers({"level": "light"}, {"SEEDBED_LIBRARY_LEVEL": level}) == values


def test_the_profile_goes_before_the_level() -> None:
    assert numbers({"level": "full", "loans": 4}) == {"books": 30, "loans": 4, "cards": 1}


def test_the_environment_goes_before_the_profile() -> None:
    environ = {"SEEDBED_LIBRARY_LOANS": "5", "SEEDBED_LIBRARY_LEVEL": "light"}
    assert numbers({"level": "full", "loans": 4, "books": 7}, environ) == {
        "books": 7,
        "loans": 5,
        "cards": 0,
    }


def test_the_environment_of_other_datasets_does_not_matter() -> None:
    environ = {"SEEDBED_THERAPY_LOANS": "5", "SEEDBED_THERAPY_LEVEL": "full", "LOANS": "4"}
    assert numbers(environ=environ) == {"books": 20, "loans": 2, "cards": 0}


def test_an_empty_level_variable_is_none() -> None:
    assert numbers({"level": "full"}, {"SEEDBED_LIBRARY_LEVEL": ""})["books"] == 30


@pytest.mark.parametrize(("given", "value"), [(0, 0), (5, 5), ("3", 3), (" 3 ", 3), ("007", 7)])
def test_a_whole_number_from_0_is_taken(given: object, value: int) -> None:
    least = Minimum("loans", 1, 2, 3, "loans of a reader", most=7)
    assert resolved("library", (least,), {"loans": given}, {}) == {"loans": value}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (-1, "-1"),
        (1.5, "1.5"),
        (2.0, "2.0"),
        (True, "True"),
        ("many", "many"),
        ("", ""),
        ("1_0", "1_0"),
        ("٣", "٣"),
        ("²", "²"),
        (None, "None"),
    ],
)
def test_what_is_no_whole_number_is_refused(given: object, shown: str) -> None:
    assert problem({"loans": given}) == (
        f"[requirements.library]: loans is {shown!r}; write a whole number from 0"
    )


def test_a_bad_variable_is_named_by_its_own_name() -> None:
    assert problem(environ={"SEEDBED_LIBRARY_LOANS": "-1"}) == (
        "SEEDBED_LIBRARY_LOANS: loans is '-1'; write a whole number from 0"
    )


def test_more_than_the_schema_allows_is_refused() -> None:
    assert problem({"loans": 6}) == (
        "[requirements.library]: loans is 6, but the application's schema allows no more than 5"
    )
    assert problem(environ={"SEEDBED_LIBRARY_CARDS": "2"}) == (
        "SEEDBED_LIBRARY_CARDS: cards is 2, but the application's schema allows no more than 1"
    )
    assert problem({"books": 1_000_001}) == (
        "[requirements.library]: books is 1000001, "
        "but the application's schema allows no more than 1000000"
    )


@pytest.mark.parametrize("level", ["Full", "all", 3, None, ["light"]])
def test_a_level_that_there_is_not_is_refused(level: object) -> None:
    assert problem({"level": level}) == (
        f"[requirements.library]: level is {level!r}; take light, medium, full"
    )


def test_a_bad_level_of_the_environment_is_named_by_its_variable() -> None:
    assert problem(environ={"SEEDBED_LIBRARY_LEVEL": "all"}) == (
        "SEEDBED_LIBRARY_LEVEL: level is 'all'; take light, medium, full"
    )


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("loan", "did you mean 'loans'?"),
        ("levels", "did you mean 'level'?"),
        ("zebra", "known: books, cards, level, loans"),
    ],
)
def test_a_number_that_the_dataset_does_not_have_is_refused(name: str, hint: str) -> None:
    with pytest.raises(UnknownName) as caught:
        numbers({name: 3})
    assert str(caught.value) == f"unknown setting of [requirements.library] {name!r}; {hint}"
