"""Order: which step waits for which, from the declarations alone."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

from seedbed.declare.entity import Dataset
from seedbed.declare.errors import BadDeclaration
from seedbed.declare.reads import Step

AnyStep = TypeVar("AnyStep", bound=Step)


def ordered(steps: Iterable[AnyStep]) -> tuple[AnyStep, ...]:
    """Upstream before downstream, tier by tier; the same order for the same steps.

    Raises:
        BadDeclaration: the declarations form a circle.
    """
    given = tuple(steps)
    graph = {one: [up for up in one.above if up in given] for one in given}
    try:
        return tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        names = " -> ".join(one.name for one in error.args[1])
        raise BadDeclaration(error.args[1][0].name, f"is upstream of itself: {names}") from None


def with_upstream(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The steps and everything that they need, in order."""
    found: dict[Step, None] = {}
    seen: set[Step] = set()

    def visit(one: Step) -> None:
        if one in seen:
            return
        seen.add(one)
        for up in one.above:
            visit(up)
        found.setdefault(one)

    for one in steps:
        visit(one)
    return ordered(found)


def selected(dataset: Dataset, only: Iterable[str], upstream: bool) -> tuple[Step, ...]:
    """The steps of a run: all, or those named in `only`, or these with their upstream.

    Raises:
        UnknownName: `only` names a step that the dataset does not have.
    """
    chosen = [one for name in only for one in dataset.named(name)]
    if not chosen:
        return with_upstream(dataset.steps)
    return with_upstream(chosen) if upstream else ordered(chosen)


def depth(one: Step) -> int:
    """The tier of a step: 0 for a root, else one more than the deepest upstream."""
    return 1 + max((depth(up) for up in one.above), default=-1)


def by_task(steps: Iterable[Step]) -> dict[str, tuple[Step, ...]]:
    """The steps of every task, tasks with their upstream before them.

    Raises:
        BadDeclaration: two tasks wait for each other.
    """
    given = ordered(steps)
    members: dict[str, list[Step]] = {}
    for one in given:
        members.setdefault(one.task, []).append(one)
    graph = {
        task: {up.task for one in held for up in one.above if up in given} - {task}
        for task, held in members.items()
    }
    try:
        return {task: tuple(members[task]) for task in TopologicalSorter(graph).static_order()}
    except CycleError as error:
        names = " -> ".join(error.args[1])
        raise BadDeclaration(error.args[1][0], f"is a step upstream of itself: {names}") from None
