"""Steps: what a run is made of, whatever each of them does."""

from __future__ import annotations

from typing import Protocol

from tasks.engine.tables import Table


class Named(Protocol):
    """What a function can take by its name."""

    @property
    def name(self) -> str: ...


class Step(Protocol):
    """What a run does in one go: an entity's rows are added, or something is done after them."""

    @property
    def name(self) -> str: ...

    @property
    def about(self) -> str: ...

    @property
    def table(self) -> str: ...

    @property
    def step(self) -> str: ...

    @property
    def task(self) -> str:
        """The Prefect task that does it, together with others of the same name."""

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables whose rows of any origin it reads."""

    @property
    def above(self) -> tuple[Step, ...]:
        """The steps that must be done first."""
