"""dbsprout: `init` from a file of statements, then `generate --output-format direct` (COPY).

What runs is the function behind its command, in this process, so that its start is not
counted; the check of the rows that `generate` ends with is.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from pathlib import Path

from dbsprout.cli.commands.generate import (  # type: ignore[import-not-found, unused-ignore]
    generate_command,
)
from dbsprout.cli.commands.init import (  # type: ignore[import-not-found, unused-ignore]
    init_command,
)

from tests.benchmarks.peers import loader

SCHEMA = Path(__file__).with_name("sprout.sql")
PARENTS = """
[tables.sellers]
rows = 2
[tables.products]
rows = 3
[tables.sellpages]
rows = 6
"""
"""Rows of the tables that orders point at: it refers to rows that it has made itself, only."""


def prepare(url: str, rows: int) -> loader.Load:
    """In a folder of its own, where it keeps its files."""
    folder = tempfile.TemporaryDirectory(prefix="dbsprout-")
    place = Path(folder.name)
    said = io.StringIO()
    os.chdir(place)
    with contextlib.redirect_stdout(said):
        init_command(db=None, file=str(SCHEMA), output_dir=place, dry_run=False)
        Path("dbsprout.toml").write_text(PARENTS)
        generate_command(rows=1, output_format="jsonl", output_dir=place)  # imports all it needs

    def load(_: object = folder) -> None:  # the folder is there as long as this is
        with contextlib.redirect_stdout(said):
            generate_command(rows=rows, output_format="direct", target_db=url, insert_method="copy")

    return load


if __name__ == "__main__":
    loader.run(prepare)
