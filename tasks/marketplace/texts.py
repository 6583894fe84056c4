"""The texts of marketplace: a folder a language, the same shape in both, so that banks are arrays.

Every bank has the language first (Arabic, English) and, where there is one, the category second.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

LANGUAGES = ("ar", "en")
CATEGORIES = (
    "PLUMBING",
    "PAINTING",
    "CLEANING",
    "CARPENTRY",
    "WELDING",
    "ELECTRICAL",
    "HVAC",
    "LANDSCAPING",
    "MOVING",
    "CAR_WASHING",
    "DIGITAL_DESIGN",
    "DIGITAL_WRITING",
    "OTHER",
)
DIGITAL = np.array([category.startswith("DIGITAL") for category in CATEGORIES])
"""Which categories are worked on at a desk; the others need a visit."""

PLACES = ("onsite", "digital")
"""Where the work is done; `DIGITAL` is an index of it."""

Objects = npt.NDArray[np.object_]


@cache
def _content(language: str, name: str) -> dict[str, Any]:
    path = Path(__file__).parent / "texts" / language / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def bank(name: str, part: str, section: str | None = None) -> Objects:
    """A list of the file `name`, or of a section of it: shape (2, k)."""
    found = [_content(language, name) for language in LANGUAGES]
    lists = [content[section][part] if section else content[part] for content in found]
    return np.array(lists, dtype=object)


@cache
def by_category(name: str, part: str) -> Objects:
    """The list of every category: shape (2, 13, k), or (2, 13) where it is one text."""
    found = [[_content(one, name)[category][part] for category in CATEGORIES] for one in LANGUAGES]
    return np.array(found, dtype=object)


@cache
def by_place(name: str, part: str) -> Objects:
    """The list for work on site, and the one for digital work: shape (2, 2, k)."""
    return np.stack([bank(name, part, place) for place in PLACES], axis=1)


@cache
def about_trades(part: str) -> Objects:
    """What people say about themselves, with the name of each trade in it: shape (2, 13, k)."""
    trades = [[_content(one, "people")["trades"][c] for c in CATEGORIES] for one in LANGUAGES]
    made = [
        [[_said(text, trade) for text in texts] for trade in names]
        for texts, names in zip(bank("people", part), trades, strict=True)
    ]
    return np.array(made, dtype=object)


def _said(text: str, trade: str) -> str:
    """The name of the trade in its place; in English it is capitalised at the beginning only."""
    name = trade if text.startswith("{") else trade[0].lower() + trade[1:]
    return text.format(trade=name)
