"""Production: the names by which a database, a role or a host says that it is the real one."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORD = re.compile(r"(?<![^\W\d_])(prod|production|live)(?![^\W\d_])", re.IGNORECASE)
"""A word of its own: no letter before it and none behind, so neither products nor olive."""


def speaking(names: Iterable[str]) -> tuple[str, ...]:
    """The names that say production, each once, in their order."""
    return tuple(dict.fromkeys(name for name in names if _WORD.search(name)))


def says(value: str) -> bool:
    """Whether a variable's value says production: by a word of `speaking`, or by prod anywhere.

    A variable has few values, so that the wider net catches no product by mistake.
    """
    return "prod" in value.lower() or bool(_WORD.search(value))
