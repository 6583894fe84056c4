"""Show: a run on a terminal, in a log, or as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from seedbed.context.progress import News
from seedbed.postgres.record import Line

PLAIN_WIDTH = 160
"""Columns where there is no terminal: wide enough that no cell is cut."""

COLUMNS = (
    ("target", "present", "added", "removed", "updated", "seconds", "digest"),
    ("target", "present", "missing"),
)
"""What a step's row shows: of a run that may change something, and of a plan. The digest is its
table's."""

SUMMED = ("target", "present", "added", "removed", "updated", "seconds")

LISTED = 20
"""Lines about what is lacking before the rest is only counted."""

Document = Mapping[str, Any]


def console(*, to_errors: bool = False) -> Console:
    """Colours and the terminal's width on a terminal, plain wide lines elsewhere."""
    stream = sys.stderr if to_errors else sys.stdout
    return Console(file=stream, highlight=False, width=None if stream.isatty() else PLAIN_WIDTH)


class Live:
    """Progress on standard error: a bar per running step on a terminal, a line per step else."""

    def __init__(self) -> None:
        self._console = console(to_errors=True)
        self._bars: dict[str, TaskID] = {}
        self._lock = Lock()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f} rows"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )

    def __enter__(self) -> Live:
        self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()

    def hear(self, news: News) -> None:
        """Show one piece of news."""
        with self._lock:
            if news.said:
                sign = "[red]✗[/]" if news.state == "failed" else "[green]✓[/]"
                self._console.print(f"{sign} {news.step}: {escape(news.said)}")
            if news.state == "running":
                if news.step not in self._bars:
                    self._bars[news.step] = self._progress.add_task(news.step, total=news.total)
                bar = self._bars[news.step]
                self._progress.update(bar, completed=news.done, total=news.total)
            elif news.step in self._bars:
                self._progress.remove_task(self._bars.pop(news.step))


def as_json(documents: Sequence[Document]) -> None:
    """One document on standard output: the run's, or a list for several datasets."""
    content = documents[0] if len(documents) == 1 else list(documents)
    sys.stdout.write(json.dumps(content, indent=2, default=str) + "\n")


def as_text(documents: Sequence[Document], message: str, *, done: bool, timings: bool) -> None:
    """Tables of entities and checks, the digests, and the run's sentence."""
    out = console()
    for document in documents:
        _entities(out, document)
        _checks(out, document["checks"])
        if timings:
            _timings(out, document["timings"])
        for pin in document["kept"]:
            keys = ", ".join(pin["examples"])
            out.print(
                f"[yellow]kept[/] {pin['rows']} of {pin['table']}, "
                f"needed by {pin['by']}.{pin['column']}: {keys}"
            )
        for drift in document["drift"]:
            columns = ", ".join(drift["columns"])
            word = "edited" if drift["certain"] else "differs"
            out.print(f"[yellow]{word}[/] {drift['rows']} of {drift['table']}: {columns}")
        for note in document["notes"]:
            if note not in message:
                out.print(f"[yellow]note[/] {escape(note)}")
    end = f"[{'green' if done else 'red'}]{'done' if done else 'failed'}[/]"
    out.print(f"{end} {escape(message)}")  # it may name a profile's section in brackets


def last_run(name: str, lines: Sequence[Line]) -> None:
    """What the last run did, step by step."""
    out = console()
    if not lines:
        out.print(f"{name}: no run has changed anything yet")
        return
    first, end = min(line.started for line in lines), lines[-1]
    head = f"{end.verb} of {name} in {end.environment}, as of {end.as_of}"
    out.print(f"[bold]{head}, {first:%Y-%m-%d %H:%M:%S} UTC[/]")
    table = Table(box=None)
    for column in ("step", "added", "removed", "updated", "seconds"):
        table.add_column(column, justify="left" if column == "step" else "right")
    for line in lines:
        seconds = (line.finished - line.started).total_seconds()
        table.add_row(line.step, *_did(line.added, line.removed, line.updated, seconds))
    seconds = (end.finished - first).total_seconds()
    added, removed, updated = (
        sum(counts)
        for counts in zip(*((one.added, one.removed, one.updated) for one in lines), strict=True)
    )
    table.add_row("all", *_did(added, removed, updated, seconds), style="bold")
    out.print(table)


def _did(added: int, removed: int, updated: int, seconds: float) -> tuple[str, ...]:
    return f"{added:,}", f"{removed:,}", f"{updated:,}", f"{seconds:.2f}"


def _entities(out: Console, document: Document) -> None:
    if not document["entities"]:
        return
    title = f"{document['verb']} {document['dataset']}, as of {document['as_of']}"
    out.print(f"[bold]{title}, seed {document['seed']}, scale {document['scale']}[/]")
    table = Table(box=None)
    table.add_column("entity")
    updates = any(one["updated"] for one in document["entities"])
    columns = [one for one in COLUMNS[document["verb"] == "plan"] if updates or one != "updated"]
    for name in columns:
        table.add_column(name, justify="left" if name == "digest" else "right")
    for one in _steps(document["entities"]):
        table.add_row(one["name"], *(_cell(document, one, name) for name in columns))
    out.print(table)
    lacking = [
        (one["name"], lack)
        for one in document["entities"]
        for lack in one["lacking"]
        if document["verb"] == "plan" or lack["unmet"]
    ]
    lacking.sort(key=lambda line: not line[1]["unmet"])  # what cannot be met comes first
    lines = [
        f"{name}: {lack['parent']} needs {lack['rows']}"
        + (f", of which {lack['unmet']} cannot be met" if lack["unmet"] else "")
        for name, lack in lacking
    ]
    for line in lines[:LISTED]:
        out.print(f"[yellow]lacking[/] {escape(line)}")
    if len(lines) > LISTED:
        out.print(f"[yellow]lacking[/] and {len(lines) - LISTED} more; --json lists them all")


def _steps(entities: Sequence[Document]) -> list[dict[str, Any]]:
    """One row a step: the sums of its entities."""
    found: dict[str, dict[str, Any]] = {}
    for one in entities:
        name = one["step"] or one["name"]
        row = found.setdefault(name, {"name": name, "tables": [], **dict.fromkeys(SUMMED, 0)})
        row["tables"] += [one["table"]] if one["table"] not in row["tables"] else []
        for column in SUMMED:
            row[column] += one[column]
    return list(found.values())


def _cell(document: Document, one: Document, name: str) -> str:
    if name == "missing":
        gap = one["target"] - one["present"]
        return f"[yellow]{gap:,}[/]" if gap else "0"
    if name == "digest":
        digests = [str(document["digests"].get(table, "")) for table in one["tables"]]
        return " ".join(digest[: max(4, 16 // len(digests))] for digest in digests)
    return f"{one[name]:.2f}" if name == "seconds" else f"{one[name]:,}"


def _timings(out: Console, timings: Sequence[Document]) -> None:
    table = Table(box=None)
    table.add_column("step")
    for name in ("seconds", "share"):
        table.add_column(name, justify="right")
    for one in timings:
        table.add_row(one["step"], f"{one['seconds']:.2f}", f"{one['share']:.1f} %")
    out.print(table)


def _checks(out: Console, checks: Sequence[Document]) -> None:
    if not checks:
        return
    table = Table(box=None)
    table.add_column("check")
    table.add_column("result")
    for one in checks:
        bad = f"[red]{one['violations']} violations[/]"
        table.add_row(one["name"], "[green]passed[/]" if one["passed"] else bad)
    out.print(table)
