"""Options: what a flow run was asked for, on top of its environment's profile.

The flows' signatures are flat, because Prefect makes a form of them and replaces a nested value as
a whole; this is the one place that validates what they take.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from seedbed.declare.errors import UnknownName
from seedbed.engine.settings import FIRST_DAY, LAST_DAY, MAX_SCALE, Model, check


def _within_bounds(day: date) -> date:
    if not FIRST_DAY <= day <= LAST_DAY:
        named = {"day": str(day), "first": str(FIRST_DAY), "last": str(LAST_DAY)}
        raise PydanticCustomError("day", "is {day}; take a day from {first} to {last}", named)
    return day


Seed = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""Where all random draws start."""

Scale = Annotated[int, Field(ge=1, le=MAX_SCALE)]
"""Multiple of the owner's counts."""

Mode = Literal["roll", "rebuild"]
"""What a refresh does."""


class RunOptions(Model):
    """Everything that a flow takes beside its environment; None keeps the profile's value."""

    datasets: tuple[str, ...] | None = None
    only: tuple[str, ...] = ()
    with_upstream: bool = False
    seed: Seed | None = None
    scale: Scale | None = None
    as_of: Annotated[date, AfterValidator(_within_bounds)] | None = None
    mode: Mode | None = None
    audit: bool = False
    confirm: bool = False
    strict: bool = False


TAKEN: Mapping[str, tuple[str, ...]] = {
    "plan": ("datasets", "only", "seed", "scale", "as_of"),
    "seed": ("datasets", "only", "with_upstream", "seed", "scale", "as_of", "audit"),
    "verify": ("datasets", "scale", "as_of"),
    "reset": ("datasets", "confirm", "strict"),
    "refresh": ("datasets", "mode", "seed", "scale", "as_of"),
}
"""The options of every verb."""


def options(verb: str, asked: Mapping[str, Any], where: str) -> RunOptions:
    """The options of a verb; None and an empty list ask for nothing in particular.

    Raises:
        UnknownName: the verb has no such option.
        BadSetting: a value that cannot be.
    """
    given = {
        name: value for name, value in asked.items() if value is not None and value not in ([], ())
    }
    for name in given:
        if name not in TAKEN[verb]:
            raise UnknownName(f"option of {verb}", name, TAKEN[verb])
    return check(RunOptions, given, where)
