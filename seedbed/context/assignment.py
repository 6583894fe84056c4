"""Assignment: one dataset's part of a run, in values that may be shown to anybody.

A task's arguments are stored by Prefect and travel to its workers: names, dates and numbers only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

LOOKING, FILLING = ("plan", "verify"), ("seed", "refresh")
"""Verbs that write nothing and tell what does not fit, and those that make rows."""


@dataclass(frozen=True)
class Assignment:
    """What is to be done with which rows: everything that the rows follow from."""

    run: str
    verb: str
    environment: str
    dataset: str
    seed: int
    as_of: date
    anchor: date
    scale: int
    requirements: tuple[tuple[str, int | str], ...] = ()
    lease: int = 0
    stood: tuple[str, ...] = ()
    """Entities whose first set the run has removed itself."""
