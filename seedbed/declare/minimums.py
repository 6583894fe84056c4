"""Minimums: the named numbers and options of a dataset, and how a profile changes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from seedbed.declare.errors import BadSetting, UnknownName

Level = Literal["light", "medium", "full"]
LEVELS: tuple[Level, ...] = get_args(Level)
DEFAULT: Level = "medium"


@dataclass(frozen=True)
class Minimum:
    """A named number: how many, at each level, and of what.

    Args:
        name: what counts and profiles call it
        light: the number at level light
        medium: the number at level medium, the default
        full: the number at level full
        about: a sentence that says what there is so much of
        most: what the application's schema allows
    """

    name: str
    light: int
    medium: int
    full: int
    about: str
    most: int = 1_000_000

    def at(self, level: Level) -> int:
        """The number at that level."""
        return {"light": self.light, "medium": self.medium, "full": self.full}[level]


@dataclass(frozen=True)
class Option:
    """A named text: a way of doing something, or a text.

    Args:
        name: what functions and profiles call it
        default: its value where no profile says another
        about: a sentence that says what it decides
        among: the values that it can have; any if empty
    """

    name: str
    default: str
    about: str
    among: tuple[str, ...] = ()


def resolved(
    dataset: str,
    declared: Iterable[Minimum | Option],
    chosen: Mapping[str, Any],
    environ: Mapping[str, str],
) -> dict[str, int | str]:
    """Every number and option of a dataset: its own, then the profile's, then the environment's.

    `chosen` is the profile's section `[requirements.<dataset>]`: `level` and numbers by name.
    The variable of a number is `SEEDBED_<DATASET>_<NAME>`, that of the level ends in `LEVEL`.

    Raises:
        UnknownName: the profile names a number that the dataset does not have.
        BadSetting: a value is no whole number, negative, or more than the schema allows.
    """
    listed = tuple(declared)
    where = f"[requirements.{dataset}]"
    known = ["level", *(one.name for one in listed)]
    for name in chosen:
        if name not in known:
            raise UnknownName(f"setting of {where}", name, known)
    variable = _variable(dataset, "level")
    asked = environ.get(variable) or chosen.get("level", DEFAULT)
    level = next((one for one in LEVELS if one == asked), None)
    if level is None:
        place = variable if environ.get(variable) else where
        raise BadSetting(place, "level", f"is {asked!r}; take {', '.join(LEVELS)}")
    values: dict[str, int | str] = {}
    for one in listed:
        variable = _variable(dataset, one.name)
        place = variable if variable in environ else where
        own = one.default if isinstance(one, Option) else one.at(level)
        given = environ.get(variable, chosen.get(one.name, own))
        values[one.name] = (
            _chosen(place, one, given) if isinstance(one, Option) else _checked(place, one, given)
        )
    return values


def _chosen(where: str, one: Option, given: object) -> str:
    if not isinstance(given, str) or (one.among and given not in one.among):
        takes = f"take {', '.join(one.among)}" if one.among else "write a text"
        raise BadSetting(where, one.name, f"is {given!r}; {takes}")
    return given


def _checked(where: str, one: Minimum, given: object) -> int:
    text = str(given).strip()
    if isinstance(given, bool) or not text.isascii() or not text.isdecimal():
        raise BadSetting(where, one.name, f"is {text!r}; write a whole number from 0")
    if int(text) > one.most:
        problem = f"is {text}, but the application's schema allows no more than {one.most}"
        raise BadSetting(where, one.name, problem)
    return int(text)


def _variable(dataset: str, name: str) -> str:
    return f"SEEDBED_{dataset}_{name}".upper()
