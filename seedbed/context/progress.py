"""Listen: what the steps of a run tell whoever started it in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class News:
    """A step began, went on or ended; `done` rows so far, `total` when it is known."""

    step: str
    state: str
    done: int = 0
    total: int | None = None
    said: str = ""


Listener = Callable[[News], None]

_listeners: list[Listener] = []


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Call `listener`, from the steps' threads, on everything that is told in the block."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def tell(news: News) -> None:
    """Tell everybody."""
    for listener in _listeners:
        listener(news)
