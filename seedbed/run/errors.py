"""Errors of run: what went wrong, where, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from seedbed.declare.errors import Refused, SeedbedError

if TYPE_CHECKING:
    from seedbed.declare.resource import Resource


class Unsatisfied(SeedbedError):
    """Steps failed or checks are violated; `documents` tells what was done nevertheless."""

    def __init__(self, failed: Sequence[str], documents: Sequence[dict[str, Any]]) -> None:
        super().__init__("; ".join(failed))
        self.documents = list(documents)


class UpstreamMissing(Refused):
    """Entities were chosen whose upstream is not there."""

    def __init__(self, dataset: str, lacking: dict[str, int]) -> None:
        listed = ", ".join(f"{name} ({rows} rows)" for name, rows in lacking.items())
        super().__init__(
            f"{dataset}: upstream rows are missing: {listed}; seed them first, or add "
            "--with-upstream"
        )


class OtherSeed(Refused):
    """The rows in the database come from another seed."""

    def __init__(self, dataset: str, held: int, asked: int) -> None:
        super().__init__(
            f"{dataset}: the database holds rows of seed {held}, and this run asks for {asked}; "
            f"run `seedbed reset {dataset} --confirm` first, or keep seed {held}"
        )


class BeforeAnchor(Refused):
    """as_of lies before the day that the rows were made for."""

    def __init__(self, dataset: str, anchor: date, as_of: date) -> None:
        super().__init__(
            f"{dataset}: the database holds rows made as of {anchor}, and this run asks for "
            f"{as_of}, before that; run `seedbed reset {dataset} --confirm` first, or take a "
            "later --as-of"
        )


class ObjectsLeft(SeedbedError):
    """Objects of ours are still in a service after they were removed."""

    def __init__(self, resource: Resource, left: int) -> None:
        super().__init__(
            f"{resource.name}: {left} objects are left in {resource.table} after they were "
            "removed; look whether something makes them anew, and run the reset again"
        )


class OutsideLeft(SeedbedError):
    """The rows are gone, and what services hold of them is not."""

    def __init__(self, dataset: str, rows: int, error: SeedbedError) -> None:
        super().__init__(
            f"{dataset}: {rows} rows were removed, and then what services hold of them was not: "
            f"{error}. The next reset goes on there"
        )
