"""Remove: exactly our rows, downstream first; what strangers need is kept and named."""

from __future__ import annotations

from dataclasses import replace

from tasks.engine.errors import SeedbedError
from tasks.engine.plan import Removal
from tasks.postgres import delete, read, record
from tasks.postgres.references import everything
from tasks.work import Work

PARTIAL = "partial reset"
"""Recorded instead of "reset" where rows were kept: what is left keeps its coordinates."""


class RowsLeft(SeedbedError):
    """Rows of ours are still there after they were deleted."""

    def __init__(self, dataset: str, left: int, kept: int) -> None:
        super().__init__(
            f"{dataset}: {left} seeded rows are left instead of {kept}; a trigger or another "
            "session put them back. Nothing was removed"
        )


def remove(work: Work, *, strict: bool) -> Removal:
    """Delete everything that the dataset owns, in one transaction.

    Raises:
        Blocked: `strict`, and rows that are not ours depend on ours.
        Fenced, RowsLeft: the database did something else; all is as it was.
    """
    with work.database.writing() as connection:
        gone = delete.remove(connection, work.dataset, everything(work.dataset), strict=strict)
        left = sum(read.count(connection, one) for one in work.dataset.entities)
        if left != gone.kept:
            raise RowsLeft(work.dataset.name, left, gone.kept)
        if gone.rows:
            author = replace(work.author, verb=PARTIAL if gone.kept else "reset")
            record.write(connection, author, work.run, "(all)", removed=gone.rows)
    return gone


def preview(work: Work) -> Removal:
    """What `remove` would do. Reads only."""
    with work.database.reading() as connection:
        return delete.look(connection, work.dataset, everything(work.dataset))
