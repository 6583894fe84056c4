"""Met: what a run does about requirements that nothing is left to meet."""

from __future__ import annotations

from collections.abc import Iterable

from seedbed.context.context import RunContext
from seedbed.engine.plan import Standing
from seedbed.steps.errors import Unmet


def require_met(context: RunContext, found: Iterable[Standing]) -> None:
    """Go on only where everything can be met, or the profile wants to be told only.

    Raises:
        Unmet: the profile refuses what cannot be met, and there is something.
    """
    standings = tuple(found)
    if context.profile.unmet == "refuse" and any(standing.unmet for standing in standings):
        raise Unmet(context.dataset.name, standings)
