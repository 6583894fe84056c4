"""Resource: objects outside the database, one a row of an entity, ensured by their key."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from seedbed.declare.asked import Rows
from seedbed.declare.entity import Entity, first_line
from seedbed.declare.lazy import lazy
from seedbed.declare.reads import Step, Table

Keys: TypeAlias = Callable[[Rows], list[str]]
"""The key of every row's object."""

Specs: TypeAlias = Callable[[Rows], list[Mapping[str, Any]]]
"""What each row's object is made from, in the words of its port."""


@dataclass(frozen=True, eq=False)
class Resource:
    """A step that makes the objects which are missing in a service, and never one twice.

    The rows need not be in the database: their keys follow from the declaration. The options: see
    `resource`.
    """

    name: str
    of: Entity
    port: str
    keys: Keys
    make: Specs
    prefix: str
    rest: str
    place: str = ""
    after: tuple[Step, ...] = ()
    about: str = ""
    step: str = ""

    @property
    def table(self) -> str:
        """Where its objects are, as reports name it."""
        return f"{self.port}:{self.place}" if self.place else self.port

    @property
    def task(self) -> str:
        """The name of the step that it belongs to."""
        return self.step or self.name

    @property
    def tables(self) -> tuple[Table, ...]:
        """It reads none."""
        return ()

    @property
    def above(self) -> tuple[Step, ...]:
        """The steps that must be done first."""
        return self.after

    def owns(self, key: str) -> bool:
        """Whether a key is one that this resource makes."""
        return re.fullmatch(re.escape(self.prefix) + self.rest, key) is not None


@dataclass(frozen=True, eq=False)
class Wait:
    """A step that waits until a resource's objects are ready, batch by batch.

    It ends without an error when the time is up: its report tells how many are not ready.
    """

    name: str
    of: Resource
    about: str
    after: tuple[Step, ...] = ()
    step: str = ""

    @property
    def table(self) -> str:
        """Where the objects are, as reports name it."""
        return self.of.table

    @property
    def task(self) -> str:
        """The name of the step that it belongs to."""
        return self.step or self.name

    @property
    def tables(self) -> tuple[Table, ...]:
        """It reads none."""
        return ()

    @lazy
    def above(self) -> tuple[Step, ...]:
        """The steps that must be done first."""
        return (self.of, *self.after)


def resource(
    of: Entity,
    *,
    port: str,
    keys: Keys,
    prefix: str,
    rest: str,
    place: str = "",
    after: tuple[Step, ...] = (),
    step: str = "",
) -> Callable[[Specs], Resource]:
    """Declare a resource; the decorated function says what missing objects are made from.

    An object whose key is not `prefix` and then what `rest` describes belongs to somebody else.

    Args:
        of: the entity; each of its rows has one object
        port: the service: "storage" or "video"
        keys: a function of the rows that gives every object's key
        prefix: what all keys begin with; the service is asked for these
        rest: a pattern that describes the keys behind the prefix
        place: where in the service, such as a bucket
        after: steps to wait for
        step: the task that it belongs to; its own if not given
    """

    def declare(make: Specs) -> Resource:
        about = first_line(make)
        name = make.__name__
        return Resource(name, of, port, keys, make, prefix, rest, place, after, about, step)

    return declare


def wait_until_ready(
    of: Resource, name: str, *, about: str, after: tuple[Step, ...] = (), step: str = ""
) -> Wait:
    """The step `name` that waits for the resource's objects.

    Args:
        of: the resource
        name: the step's name
        about: one line that says what it does
        after: further steps to wait for
        step: the task that it belongs to; its own if not given
    """
    return Wait(name, of, about, after, step)
