"""Report: what a run found and did, as a person reads it and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from seedbed.engine.plan import Mismatch, Pin
from seedbed.engine.requirement import Lack


@dataclass(frozen=True)
class StepReport:
    """One step. `present` is how much of the target was there before the run."""

    name: str
    table: str
    target: int
    present: int
    added: int
    removed: int
    seconds: float
    step: str = ""
    """The task that filled it, where it has another name."""
    lacking: tuple[Lack, ...] = ()
    """The parents that a requirement asked more for."""
    updated: int = 0
    """Rows whose columns were changed; they were not `present`, for they did not hold them."""
    queued: int = 0
    """Jobs handed to the application's own worker, which writes the rows."""
    awaited: int = 0
    """Missing rows that this worker has still to write."""
    misfits: tuple[Mismatch, ...] = ()
    """Why its rows cannot be written, or cannot be looked at."""

    @property
    def unmet(self) -> int:
        """Rows that a requirement asks for and nothing is left to make them of."""
        return sum(one.unmet for one in self.lacking)

    @property
    def missing(self) -> int:
        """What of the target is still not there."""
        return self.target - self.present - self.added - self.updated

    @property
    def wrote(self) -> bool:
        """Whether it changed anything."""
        return bool(self.added or self.removed or self.updated)

    @property
    def task(self) -> str:
        """The name of the task that filled it."""
        return self.step or self.name

    @property
    def rate(self) -> int:
        """Rows added per second."""
        return round((self.added + self.updated) / self.seconds) if self.seconds else 0

    def __str__(self) -> str:
        unmet = f", {self.unmet} cannot be met" if self.unmet else ""
        if self.awaited:
            waiting = f"{self.awaited} of {self.target} rows wait for the application's worker"
            return f"+{self.queued} jobs, {waiting}, {self.seconds:.2f} s"
        if not self.wrote:
            return f"satisfied: {self.present} of {self.target} rows{unmet}, {self.seconds:.2f} s"
        rows = "row" if self.added == 1 else "rows"
        done = [f"+{self.added} {rows}"] if self.added or not self.updated else []
        done += [f"-{self.removed}"] if self.removed else []
        done += [f"{self.updated} updated"] if self.updated else []
        did = f"{', '.join(done)} in {self.table}{unmet}"
        return f"{did}, {self.seconds:.2f} s, {self.rate} rows/s"


def combined(name: str, reports: Sequence[StepReport]) -> StepReport:
    """The reports of one task's entities as one."""
    return StepReport(
        name=name,
        table=", ".join(dict.fromkeys(one.table for one in reports)),
        target=sum(one.target for one in reports),
        present=sum(one.present for one in reports),
        added=sum(one.added for one in reports),
        removed=sum(one.removed for one in reports),
        seconds=sum(one.seconds for one in reports),
        lacking=tuple(lack for one in reports for lack in one.lacking),
        updated=sum(one.updated for one in reports),
        queued=sum(one.queued for one in reports),
        awaited=sum(one.awaited for one in reports),
    )


@dataclass(frozen=True)
class Check:
    """A named rule and how many rows break it."""

    name: str
    rule: str
    violations: int
    examples: tuple[str, ...] = ()
    """Some of what breaks it: keys, or names of steps."""

    @property
    def passed(self) -> bool:
        """Whether no row breaks it."""
        return self.violations == 0

    @property
    def verdict(self) -> str:
        """What is wrong, for a sentence: "has 2 violations, such as 00000000-5eed-…"."""
        such = f", such as {', '.join(self.examples)}" if self.examples else ""
        return f"has {self.violations} violations{such}"


@dataclass(frozen=True)
class Drift:
    """Rows of an entity that differ from what their declaration makes, and in which columns.

    Not a violation: a person may edit a row, and `seed` leaves it alone.
    """

    entity: str
    table: str
    rows: int
    columns: tuple[str, ...]
    certain: bool = True
    """Somebody edited them. Otherwise they were made around rows of others or with other numbers,
    and would be made otherwise now: edited or not, nobody can tell."""

    def __str__(self) -> str:
        return f"{self.rows} rows of {self.table} ({self.entity}) in {', '.join(self.columns)}"


@dataclass(frozen=True)
class Report:
    """One dataset's part of a run."""

    run: str
    verb: str
    dataset: str
    environment: str
    as_of: date
    seed: int
    scale: int
    entities: tuple[StepReport, ...] = ()
    checks: tuple[Check, ...] = ()
    digests: dict[str, str] = field(default_factory=dict)
    drift: tuple[Drift, ...] = ()
    kept: tuple[Pin, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    spent: dict[str, float] = field(default_factory=dict)
    """Seconds of what is no step: preparing, cleaning, proving."""

    def document(self) -> dict[str, Any]:
        """The report as JSON values."""
        content = asdict(self)
        content["as_of"] = self.as_of.isoformat()
        content["entities"] = [asdict(step) for step in self.entities]
        content["timings"] = timings_table(self)
        content["checks"] = [asdict(check) | {"passed": check.passed} for check in self.checks]
        return content

    @property
    def added(self) -> int:
        """Rows added over all steps."""
        return sum(step.added for step in self.entities)

    @property
    def removed(self) -> int:
        """Rows removed over all steps."""
        return sum(step.removed for step in self.entities)

    @property
    def updated(self) -> int:
        """Rows changed over all steps."""
        return sum(step.updated for step in self.entities)

    @property
    def violated(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if not check.passed)

    def with_(self, **changes: Any) -> Report:
        """The same with some fields changed."""
        return replace(self, **changes)


def steps_table(steps: Sequence[StepReport], digests: dict[str, str]) -> list[dict[str, Any]]:
    """Rows of the summary: one a task, with the digests of its tables."""
    members: dict[str, list[StepReport]] = {}
    for one in steps:
        members.setdefault(one.task, []).append(one)
    tables = {name: dict.fromkeys(one.table for one in held) for name, held in members.items()}
    return [
        {
            "step": step.name,
            "table": step.table,
            "target": step.target,
            "present": step.present,
            "added": step.added,
            "removed": step.removed,
            "updated": step.updated,
            "missing": step.missing,
            "seconds": round(step.seconds, 2),
            "rows/s": step.rate,
            "digest": " ".join(digests.get(table, "")[:16] for table in tables[step.name]).strip(),
        }
        for step in (combined(name, held) for name, held in members.items())
    ]


BEFORE = ("prepare", "clean")
"""What a run does before its steps; everything else in `Report.spent` comes after them."""


def timings_table(report: Report) -> list[dict[str, Any]]:
    """Rows of the timing summary: seconds and share of all, in the order of the work.

    Independent steps run side by side, so that the sum can be more than the run's seconds.
    """
    steps: dict[str, float] = {}
    for one in report.entities:
        steps[one.task] = steps.get(one.task, 0.0) + one.seconds
    before = {name: report.spent[name] for name in BEFORE if name in report.spent}
    spent = {**before, **steps, **report.spent}
    total = sum(spent.values())
    rows = [
        {"step": name, "seconds": round(seconds, 3), "share": round(100 * seconds / total, 1)}
        for name, seconds in (spent | {"TOTAL": total}).items()
        if total
    ]
    return rows


def checks_table(checks: Sequence[Check]) -> list[dict[str, Any]]:
    """Rows of the verification: one a check."""
    return [
        {
            "check": check.name,
            "result": "passed" if check.passed else "violated",
            "violations": check.violations,
            "rule": check.rule,
        }
        for check in checks
    ]


def lacking_table(steps: Sequence[StepReport]) -> list[dict[str, Any]]:
    """Rows of the requirements: one a parent that lacked something, those not to be met first."""
    rows = [
        {"requirement": one.name, "of": lack.parent, "needs": lack.rows, "unmet": lack.unmet}
        for one in steps
        for lack in one.lacking
    ]
    return sorted(rows, key=lambda row: row["unmet"] == 0)
