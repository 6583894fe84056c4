"""An attribute that is made once, and by whose making nobody else is held up."""

from __future__ import annotations

import threading

from seedbed.declare.lazy import lazy


class Pair:
    """Two attributes; `other` waits in the middle until somebody lets it go on."""

    def __init__(self) -> None:
        self.made = 0
        self.begun, self.on = threading.Event(), threading.Event()

    @lazy
    def number(self) -> int:
        """A number."""
        self.made += 1
        return 7

    @lazy
    def slow(self) -> int:
        self.begun.set()
        assert self.on.wait(10)
        return 8


def test_it_is_made_once() -> None:
    one = Pair()
    assert (one.number, one.number, one.made) == (7, 7, 1)
    assert (Pair.number.__doc__, vars(one)["number"]) == ("A number.", 7)


def test_another_object_s_is_made_meanwhile() -> None:
    first, second = Pair(), Pair()
    thread = threading.Thread(target=lambda: first.slow)
    thread.start()
    assert first.begun.wait(10)
    second.on.set()
    found: list[int] = []
    beside = threading.Thread(target=lambda: found.append(second.slow), daemon=True)
    beside.start()
    beside.join(5)
    first.on.set()
    thread.join()
    assert found == [8]
