"""Order: which step waits for which, from the declarations alone."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

from tasks.engine.entity import Dataset, Entity
from tasks.engine.errors import BadDeclaration


def ordered(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """Upstream before downstream, tier by tier; the same order for the same entities.

    Raises:
        BadDeclaration: the declarations form a circle.
    """
    given = tuple(entities)
    graph = {one: [up for up in one.above if up in given] for one in given}
    try:
        return tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        names = " -> ".join(one.name for one in error.args[1])
        raise BadDeclaration(error.args[1][0].name, f"is upstream of itself: {names}") from None


def with_upstream(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """The entities and everything that they need, in order."""
    found: dict[Entity, None] = {}
    seen: set[Entity] = set()

    def visit(one: Entity) -> None:
        if one in seen:
            return
        seen.add(one)
        for up in one.above:
            visit(up)
        found.setdefault(one)

    for one in entities:
        visit(one)
    return ordered(found)


def selected(dataset: Dataset, only: Iterable[str], upstream: bool) -> tuple[Entity, ...]:
    """The entities of a run: all, or those named in `only`, or these with their upstream.

    Raises:
        UnknownName: `only` names an entity that the dataset does not have.
    """
    chosen = [one for name in only for one in dataset.named(name)]
    if not chosen:
        return with_upstream(dataset.entities)
    return with_upstream(chosen) if upstream else ordered(chosen)


def depth(one: Entity) -> int:
    """The tier of a step: 0 for a root, else one more than the deepest upstream."""
    return 1 + max((depth(up) for up in one.above), default=-1)


def by_task(entities: Iterable[Entity]) -> dict[str, tuple[Entity, ...]]:
    """The entities of every task, tasks with their upstream before them.

    Raises:
        BadDeclaration: two tasks wait for each other.
    """
    given = ordered(entities)
    members: dict[str, list[Entity]] = {}
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
