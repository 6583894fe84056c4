"""Topics: the sentences, titles and tags of `topics.toml`, spelled out once for numpy to take."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seedbed import Integers, Rows, json_texts

TENTHS_A_WORD = 4
"""Tenths of a second that a word takes: 150 words a minute."""

_CONTENT: dict[str, Any] = tomllib.loads(
    Path(__file__).with_name("topics.toml").read_text(encoding="utf-8")
)

TOPICS = tuple(name for name, held in _CONTENT.items() if isinstance(held, dict))

Texts = npt.NDArray[np.bytes_]


def _spelled(frames: list[str], topic: dict[str, list[str]]) -> list[str]:
    made = [
        frame.format(action=action, thing=thing)
        for frame, action, thing in product(frames, topic["actions"], topic["things"])
    ]
    return [one[0].upper() + one[1:] for one in made]


@dataclass(frozen=True)
class Bank:
    """The texts of every topic (`S`), shape (topics, texts)."""

    texts: Texts

    @property
    def size(self) -> int:
        """Texts of one topic."""
        return int(self.texts.shape[1])

    def take(self, topic: Integers, code: Integers) -> Texts:
        """One text a row; both int64 of shape (n,)."""
        found: Texts = self.texts[topic, code]
        return found


def _bank(frames: str) -> Bank:
    return Bank(np.array([_spelled(_CONTENT[frames], _CONTENT[one]) for one in TOPICS], dtype="S"))


SENTENCES = _bank("frames")
TITLES = _bank("titles")
GENERAL: Texts = np.array(_CONTENT["general"], dtype="S")
"""Sentences of no topic."""

NAMES: Texts = np.array(TOPICS, dtype="S")
TAGS: Texts = json_texts(_CONTENT[one]["tags"] for one in TOPICS)
"""JSON."""


def topics(shares: Rows) -> Integers:
    """What each share is about: codes of `TOPICS`, shape (n,)."""
    return np.asarray(shares.pick("topic", range(len(TOPICS))).codes, dtype=np.int64)


def joined(*parts: Texts | bytes) -> Texts:
    """The parts of every row one after the other."""
    found = parts[0]
    for part in parts[1:]:
        found = np.strings.add(found, part)
    return np.asarray(found)
