"""Port: what every adapter of a service does, and how its failures read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Condition = Literal["ready", "preparing", "errored"]


@dataclass(frozen=True)
class Held:
    """What a service holds under a key: its own id, its state, and why it is in error."""

    key: str
    id: str
    state: Condition = "ready"
    playback: str | None = None
    """By which a video is played."""
    problem: str = ""


class Store(Protocol):
    """Objects by key. Every call can be made again: made is made, gone is gone."""

    @property
    def kind(self) -> str:
        """Which adapter it is and where it points, without a credential."""

    @property
    def interval(self) -> float:
        """Seconds between two looks at objects that are being prepared; at least."""

    def held(self, place: str, prefix: str) -> dict[str, Held]:
        """Everything in a place whose key begins with the prefix, by key."""

    def create(self, place: str, key: str, spec: Mapping[str, Any]) -> None:
        """Make the object that is not there."""

    def remove(self, place: str, gone: Iterable[Held]) -> None:
        """Remove objects; one that is gone already counts as removed."""

    def check(self, place: str) -> str:
        """Ask the service for something in a place that needs the credentials; writes nothing.

        Raises:
            ServiceFailed: it cannot be reached, or refuses them.
        """

    def close(self) -> None:
        """Let go of its connections."""
