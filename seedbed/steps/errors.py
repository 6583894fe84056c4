"""Errors of steps: what went wrong, where, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from seedbed.declare.errors import Refused, SeedbedError

if TYPE_CHECKING:
    from seedbed.declare.entity import Entity
    from seedbed.declare.update import Update
    from seedbed.engine.plan import Standing
    from seedbed.steps.part import Part


class AccountsElsewhere(SeedbedError):
    """The auth server is another database's; found out with one account, before any other."""

    def __init__(self, dataset: str, server: str) -> None:
        super().__init__(
            f"{dataset}: {server} does not keep its accounts in this database; let SUPABASE_URL "
            "and the database's address name the same project. One account was touched there"
        )


SHOWN = 5
"""Of many parents that lack something, as many as a sentence can hold."""


class Unmet(Refused):
    """Requirements that nothing is left to meet, in a profile that wants none of that."""

    def __init__(self, dataset: str, found: Iterable[Standing]) -> None:
        lines = [
            f"{standing.step}: {lack}"
            for standing in found
            for lack in standing.lacking
            if lack.unmet
        ]
        more = f" and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
        super().__init__(
            f"{dataset}: requirements cannot be met: {'; '.join(lines[:SHOWN])}{more}. Nothing was "
            'added; lower them, or set unmet = "report" in the profile'
        )


class RowsMissing(SeedbedError):
    """The database does not hold what was sent to it.

    It can pass: an application may have removed a row meanwhile.
    """

    passes = True

    def __init__(self, entity: Entity, held: int, expected: int) -> None:
        super().__init__(
            f"{entity.name}: {entity.table} holds {held} rows after the load instead of "
            f"{expected}; a trigger or a rule dropped or added rows"
        )


class OtherGenerator(SeedbedError):
    """A worker would make other rows than the run."""

    def __init__(self, part: Part, own: str) -> None:
        super().__init__(
            f"{part}: the worker makes the rows of {own}, the run those of {part.generator}; "
            "install the same version of seedbed there"
        )


class PartFailed(SeedbedError):
    """A part failed in another process; the sentence and whether trying again can help."""

    def __init__(self, said: str, passes: bool) -> None:
        super().__init__(said)
        self.passes = passes

    def __reduce__(self) -> tuple[type[PartFailed], tuple[str, bool]]:
        return type(self), (str(self), self.passes)


class NotRenewed(SeedbedError):
    """Rows do not hold what a rebuild brought them to.

    It can pass: an application may have changed one of them meanwhile.
    """

    passes = True

    def __init__(self, entity: Entity, lacking: int, differing: int) -> None:
        super().__init__(
            f"{entity.name}: of the rows of {entity.table} {lacking} are missing and {differing} "
            "differ from their declaration after the rebuild; a trigger, a rule or the application "
            "changed them, and nothing of this was kept. Columns that the application itself "
            "writes at any time are to be declared as stamped"
        )


class NotSettled(SeedbedError):
    """Rows do not hold what an update wrote into them."""

    def __init__(self, update: Update, rows: int) -> None:
        super().__init__(
            f"{update.name}: {rows} rows of {update.table} do not hold what was written; a "
            "trigger or a rule changed it back"
        )
