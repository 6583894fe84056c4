"""Declared: the rows of any origin as they would be had nobody edited ours."""

from __future__ import annotations

import pandas as pd

from seedbed.declare.reads import SEEDED, Reader, Seeded, Table, typed
from seedbed.engine.run import Run


class Declared:
    """A reader over another: our rows hold what their declaration makes, not what was written.

    So that an edited row is told from those that were made after it.
    """

    def __init__(self, run: Run, read: Reader) -> None:
        self._read = read
        self._frames: dict[Table, pd.DataFrame] = {}
        self.run = run.reading(self)

    def __call__(self, table: Table) -> pd.DataFrame:
        """The rows of the table; see `Snapshot`."""
        if table not in self._frames:
            frame = self._read(table)
            for entity in table.after or ():
                frame = self._remade(table, entity, frame)
            self._frames[table] = frame
        return self._frames[table]

    def _remade(self, table: Table, entity: Seeded, frame: pd.DataFrame) -> pd.DataFrame:
        number, ours = entity.key.read(list(frame[table.key]))
        made = self.run.frame(entity)
        columns = [name for name in table.columns if name in made.columns]
        if not ours.any() or made.empty or not columns:
            return frame
        place = pd.Index(made[table.key]).get_indexer(frame[table.key])
        kept = (place >= 0) & ours & (number == frame[SEEDED])
        found = frame.copy()
        for name in columns:
            values = made[name].astype(object).to_numpy()[place]
            found[name] = typed(frame[name].astype(object).where(~kept, values), frame[name])
        return found
