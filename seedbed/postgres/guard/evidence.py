"""Evidence: what one layer of the guard found, and the refusal that it can become."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from seedbed.postgres.guard.errors import GuardRefused


@dataclass(frozen=True)
class Evidence:
    """What one layer found, and what to do when it did not pass."""

    layer: int
    name: str
    passed: bool
    detail: str
    remedy: str = ""

    def __str__(self) -> str:
        ending = "" if self.passed else f"; {self.remedy}"
        return f"guard layer {self.layer} ({self.name}): {self.detail}{ending}"


def require(found: Iterable[Evidence]) -> None:
    """Go on only when every layer passed.

    Raises:
        GuardRefused: the first layer that did not pass.
    """
    for evidence in found:
        if not evidence.passed:
            raise GuardRefused(str(evidence))
