"""Met: what a run does about requirements that nothing is left to meet."""

from __future__ import annotations

from collections.abc import Iterable

from seedbed.context.context import RunContext
from seedbed.declare.errors import Refused
from seedbed.engine.plan import Standing

SHOWN = 5
"""Of many parents that lack something, as many as a sentence can hold."""


class Unmet(Refused):
    """Requirements that nothing is left to meet, in a profile that wants none of that."""

    def __init__(self, dataset: str, found: Iterable[Standing]) -> None:
        lines = [
            f"{standing.step}: {lack}"
            for standing in found
            for lack in standing.lacking
            if lack.unmet
        ]
        more = f" and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
        super().__init__(
            f"{dataset}: requirements cannot be met: {'; '.join(lines[:SHOWN])}{more}. Nothing was "
            'added; lower them, or set unmet = "report" in the profile'
        )


def require_met(context: RunContext, found: Iterable[Standing]) -> None:
    """Go on only where everything can be met, or the profile wants to be told only.

    Raises:
        Unmet: the profile refuses what cannot be met, and there is something.
    """
    standings = tuple(found)
    if context.profile.unmet == "refuse" and any(standing.unmet for standing in standings):
        raise Unmet(context.dataset.name, standings)
