"""The texts of therapy, by language: a folder each, the same files in every one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seedbed import Floats, Rows

LANGUAGE = "en"
GENERAL = "general"
GOLDEN = (5**0.5 - 1) / 2


@cache
def texts(name: str) -> dict[str, Any]:
    """The content of `texts/<language>/<name>.toml`."""
    path = Path(__file__).parent / "texts" / LANGUAGE / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


TOPICS = tuple(topic for topic in texts("communities") if topic != GENERAL)
"""What the communities are about; the first fifteen have a questionnaire of their own."""


def topic_of(slug: str) -> str:
    """The topic of a community: its slug, without a number at the end, or what it begins with."""
    named = [topic for topic in TOPICS if slug.startswith(topic)]
    words = [topic for topic in TOPICS if slug.split("-", maxsplit=1)[0] == topic.split("-")[0]]
    return (named or words or [GENERAL])[0]


Objects = npt.NDArray[np.object_]


def pick(values: Sequence[Any], share: Floats, part: str | None = None) -> Objects:
    """The value at each share (in [0, 1), shape (n,)) of the list, or one part of it."""
    listed = [value[part] if part else value for value in values]
    return np.array(listed, dtype=object)[(share * len(listed)).astype(np.int64)]


def pick_by(
    banks: Mapping[str, Sequence[Any]], kinds: Objects, share: Floats, part: str | None = None
) -> Objects:
    """`pick` from the bank of each row's kind; kinds (shape (n,)) are keys of `banks`."""
    found = np.empty(len(kinds), dtype=object)
    for kind in np.unique(kinds.astype(str)):
        rows = kinds == kind
        found[rows] = pick(banks[kind], share[rows], part)
    return found


def by_topic(name: str, role: str) -> dict[str, Sequence[Any]]:
    """The bank of every topic, in the voice of a role."""
    content = texts(name)
    return {topic: content[topic][role] for topic in (*TOPICS, GENERAL)}


def apart(rows: Rows, name: str) -> Floats:
    """A share (in [0, 1), shape (n,)) of each row, far from those of the same parent.

    Steps of the golden ratio lie apart in a bank of any size, so that no text comes twice.
    """
    share: Floats = np.mod(rows.parent.uniform(name) + rows.position * GOLDEN, 1.0)
    return share


def framed(rows: Rows, name: str, main: Objects, banks: Sequence[str], *, first: bool) -> Objects:
    """The main text with a sentence before (`first`) or behind it, in every second row."""
    share = rows.uniform(f"{name} has another sentence")
    other = pick(banks, rows.uniform(f"{name} other sentence"))
    both = other + " " + main if first else main + " " + other
    return np.where(share < 0.5, both, main)
