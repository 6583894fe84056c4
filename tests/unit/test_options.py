"""Options: what the flows take, validated in one place."""

from __future__ import annotations

import inspect
from datetime import date
from importlib import import_module
from typing import Any, get_type_hints

import pytest
from pydantic import TypeAdapter

from seedbed.declare.errors import BadSetting, UsageError
from seedbed.engine.options import TAKEN, RunOptions, options


def schema(kind: Any) -> dict[str, Any]:
    """What a type allows; a list and a tuple are one thing in a form."""
    return TypeAdapter(kind).json_schema()


@pytest.mark.parametrize("verb", TAKEN)
def test_a_flow_takes_what_the_model_validates_with_the_same_bounds(verb: str) -> None:
    function = getattr(import_module(f"flows.{verb}"), verb).fn
    hints = get_type_hints(function, include_extras=True)
    model = get_type_hints(RunOptions, include_extras=True)
    environment, *parameters = inspect.signature(function).parameters.values()
    assert (environment.name, environment.default) == ("environment", inspect.Parameter.empty)
    assert tuple(parameter.name for parameter in parameters) == TAKEN[verb]
    given = RunOptions().model_dump()
    for parameter in parameters:
        name = parameter.name
        if name in {"only", "datasets"}:  # a form has no tuple
            assert schema(hints[name]) == schema(list[str] | None)
        else:
            assert schema(hints[name]) == schema(model[name])
        assert parameter.default in (given[name], None)


def test_every_option_belongs_to_a_verb() -> None:
    assert {name for taken in TAKEN.values() for name in taken} == set(RunOptions.model_fields)


def test_an_option_keeps_the_profiles_value_unless_told() -> None:
    assert options("seed", {"only": [], "seed": None}, "seed") == RunOptions()


def test_zero_is_a_seed() -> None:
    assert options("seed", {"seed": 0}, "seed").seed == 0


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"scale": -1}, "command line: scale input should be greater than or equal to 1"),
        ({"scale": 0}, "command line: scale input should be greater than or equal to 1"),
        ({"scale": 10**9}, "command line: scale input should be less than or equal to 1000000"),
        ({"seed": "x"}, "command line: seed input should be a valid integer, unable to parse"),
        ({"as_of": "tomorrow"}, "command line: as_of input should be a valid date"),
        ({"as_of": "2026-02-30"}, "command line: as_of input should be a valid date"),
        ({"onyl": ("a",)}, "unknown option of seed 'onyl'; did you mean 'only'?"),
        ({"mode": "roll"}, "unknown option of seed 'mode'; "),
    ],
)
def test_a_mistaken_option_is_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        options("seed", values, "command line")
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("day", ["1970-01-05", "1999-12-31", "2200-01-01", "9999-12-31"])
def test_a_day_that_windows_or_appointments_would_leave_is_refused(day: str) -> None:
    with pytest.raises(BadSetting) as caught:
        options("seed", {"as_of": day}, "command line")
    assert str(caught.value) == (
        f"command line: as_of is {day}; take a day from 2000-01-01 to 2199-12-31"
    )


def test_a_day_within_the_bounds_is_read() -> None:
    for bound in ("2000-01-01", "2199-12-31"):
        assert options("seed", {"as_of": bound}, "command line").as_of == date.fromisoformat(bound)
