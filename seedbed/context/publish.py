"""Publish: what a person sees in the Prefect UI. An artifact never fails a step."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any
from uuid import UUID

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.exceptions import PrefectHTTPStatusError
from prefect.logging import get_run_logger

from seedbed.context.assignment import Assignment
from seedbed.engine.report import (
    Report,
    StepReport,
    checks_table,
    lacking_table,
    steps_table,
    timings_table,
)

LONG_STEP_ROWS = 100_000
"""From here on a step shows its progress: it takes seconds."""

SECONDS_BETWEEN_UPDATES = 1.0

WORK = ("step", "table", "target", "present", "added", "removed", "updated", "seconds", "rows/s")
COLUMNS = {
    "plan": ("step", "table", "target", "present", "missing"),
    "verify": ("step", "table", "target", "present", "missing", "digest"),
    "reset": ("table", "present", "removed"),
}
"""What a verb's summary shows; other verbs show `WORK` and the digests. More would be cut."""

LISTED = 200
"""Rows of an artifact that may be long."""

DIGITS = 8
"""Of a digest, in the summary: what fits beside the other columns. The next artifact has all."""


def slug(*names: str) -> str:
    """An artifact's key: Prefect takes lower-case letters, digits and hyphens only."""
    return re.sub(r"[^a-z0-9]+", "-", "-".join(names).lower()).strip("-")


def _try(create: Any, **content: Any) -> Any:
    try:
        return create(**content)
    except (PrefectHTTPStatusError, OSError) as error:
        get_run_logger().warning("artifact not written: %s", type(error).__name__)
        return None


def publish_step(assignment: Assignment, report: StepReport) -> None:
    """One table artifact a step; its key keeps the history of the step over all runs."""
    place = f"in {assignment.environment}, as of {assignment.as_of}"
    _try(
        create_table_artifact,
        key=slug(assignment.dataset, report.name),
        table=_columns(WORK, steps_table([report], {})),
        description=f"**{assignment.dataset}.{report.name}** {place}: {report}",
    )


def publish_report(report: Report, failed: Sequence[str] = ()) -> None:
    """The run's summary, its checks, its digests, and what else it has to say."""
    name = slug(report.verb, report.dataset)
    title = f"{report.dataset} in {report.environment}, as of {report.as_of}"
    if report.entities:
        _try(
            create_table_artifact,
            key=name,
            table=summary(report),
            description=f"**{report.verb} {title}**: seed {report.seed}, scale {report.scale}",
        )
    if report.checks:
        passed = f"{len(report.checks) - len(report.violated)} of {len(report.checks)} passed"
        _try(
            create_table_artifact,
            key=f"{name}-checks",
            table=checks_table(report.checks),
            description=f"**Checks of {title}**: {passed}",
        )
    if report.digests:
        _try(
            create_table_artifact,
            key=f"{name}-digests",
            table=[{"table": t, "sha256": d} for t, d in report.digests.items()],
            description=f"**Digests of {title}**: equal digests, equal rows",
        )
    lacking = lacking_table(report.entities)
    if lacking:
        few = f"{len(lacking)} parents" + (f", the first {LISTED}" if len(lacking) > LISTED else "")
        _try(
            create_table_artifact,
            key=f"{name}-requirements",
            table=lacking[:LISTED],
            description=f"**Requirements of {title}**: {few}",
        )
    publish_notes(report, failed)


def publish_timings(report: Report) -> None:
    """Where the seconds went, step by step."""
    title = f"{report.dataset} in {report.environment}, as of {report.as_of}"
    _try(
        create_table_artifact,
        key=slug(report.verb, report.dataset, "timings"),
        table=timings_table(report),
        description=f"**Timings of {title}**: seconds and share in percent",
    )


def summary(report: Report) -> list[dict[str, Any]]:
    """One row for all and one a step; what is missing, if anything is, replaces the digests."""
    short = {table: digest[:DIGITS] for table, digest in report.digests.items()}
    rows = steps_table(report.entities, short)
    tables = len({step.table for step in report.entities})
    counts = ("target", "present", "added", "removed", "updated", "missing")
    whole: dict[str, Any] = {name: sum(row[name] for row in rows) for name in counts}
    whole |= {"step": "all", "table": f"{tables} table{'' if tables == 1 else 's'}", "digest": ""}
    whole["seconds"] = round(report.seconds, 2)
    whole["rows/s"] = round(report.added / report.seconds) if report.seconds else 0
    rows.insert(0, whole)  # last, it would be below the page's end
    last = "missing" if whole["missing"] else "digest"
    context = [name for name in WORK if name != "updated" or whole["updated"]]
    return _columns(COLUMNS.get(report.verb, (*context, last)), rows)


def _columns(names: Sequence[str], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: row[name] for name in names} for row in rows]


def publish_notes(report: Report, failed: Sequence[str]) -> None:
    """What failed, what was kept, and what the run wants to say."""
    lines: Sequence[str] = [
        *(f"**{one}**" for one in failed),
        *(f"kept: {pin}" for pin in report.kept),
        *(
            f"edited since it was seeded, and left alone: {one}"
            if one.certain
            else f"would be made otherwise now, or was edited; left alone: {one}"
            for one in report.drift
        ),
        *report.notes,
    ]
    if lines:
        _try(
            create_markdown_artifact,
            key=slug(report.verb, report.dataset, "notes"),
            markdown="\n".join(f"- {line}" for line in lines),
            description=f"Notes on {report.verb} {report.dataset} in {report.environment}",
        )


class ProgressBar:
    """The progress bar of one long step in the UI."""

    def __init__(
        self,
        assignment: Assignment,
        step: str,
        total: Callable[[], int],
        *,
        shown_from: int = LONG_STEP_ROWS,
    ) -> None:
        self._shown_from = shown_from
        self._key = slug(assignment.dataset, step, "progress")
        self._count = total
        self._lock = Lock()
        self._sent = 0
        self.total: int | None = None
        """Asked for only when the bar is shown: counting takes a moment."""
        self._id: UUID | None = None
        self._next = 0.0

    def add(self, rows: int) -> int:
        """Take more rows in, show them at most once a second, and return how many there are."""
        with self._lock:
            self._sent += rows
            if self._sent >= self._shown_from and time.monotonic() >= self._next:
                if self.total is None:
                    self.total = self._count()
                self._next = time.monotonic() + SECONDS_BETWEEN_UPDATES
                self._put(min(100.0, 100.0 * self._sent / max(self.total, 1)))
            return self._sent

    def done(self) -> None:
        """Fill the bar, if there is one."""
        if self._id is not None:
            self._put(100.0)

    def _put(self, share: float) -> None:
        if self._id is None:
            self._id = _try(create_progress_artifact, progress=share, key=self._key)
        else:
            _try(update_progress_artifact, artifact_id=self._id, progress=share)
