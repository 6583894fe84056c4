"""Satisfied: what a run costs that has nothing to do, dataset by dataset.

    python -m tests.benchmarks.satisfied --rounds 5

Each is compared with an empty Prefect flow of as many tasks, in turn, each in a process of its
own; the clock starts after the imports. The services are the local ones.
"""

from __future__ import annotations

import argparse
import statistics
from typing import Any

from rich.console import Console
from rich.table import Table

from seedbed.context.datasets import dataset, sources
from seedbed.engine.order import by_task
from tests.benchmarks import narrow
from tests.benchmarks.stand import Stand, stand, written

BUDGET = 1.5
"""Times an empty flow."""

SHIPPED = [name for name in sources() if name != narrow.narrow.name]


def measure(place: Stand, rounds: int) -> list[dict[str, Any]]:
    """A line a dataset: the seconds of every round, and their medians."""
    lines: list[dict[str, Any]] = []
    for name in SHIPPED:
        asked = {"datasets": [name], "scale": 1}
        tasks = len(by_task(dataset(name).steps)) + 1  # and the digests
        place.database(name).close()
        place.flow("seed", asked)
        runs: list[dict[str, float]] = []
        for _ in range(rounds):
            again, empty = place.flow("seed", asked), place.flow("empty", tasks)
            assert again["added"] == 0
            runs.append({"satisfied": again["seconds"], "empty": empty["seconds"]})
        ratio = statistics.median(run["satisfied"] / run["empty"] for run in runs)
        median = {which: statistics.median(run[which] for run in runs) for which in runs[0]}
        lines.append({"dataset": name, "tasks": tasks, **median, "ratio": ratio, "runs": runs})
    return lines


def show(lines: list[dict[str, Any]], rounds: int) -> None:
    """A line a dataset."""
    table = Table(title=f"nothing to do, medians of {rounds} rounds; budget {BUDGET}", min_width=70)
    for column in ("dataset", "tasks", "satisfied s", "empty flow s", "ratio"):
        table.add_column(column, justify="left" if column == "dataset" else "right")
    for one in lines:
        seconds = (f"{one['satisfied']:.2f}", f"{one['empty']:.2f}", f"{one['ratio']:.2f}")
        table.add_row(one["dataset"], str(one["tasks"]), *seconds)
    Console(width=100).print(table)


def main() -> None:
    """Seed all, run again, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    with stand() as place:
        lines = measure(place, chosen.rounds)
    target = written("satisfied", {"rounds": chosen.rounds, "datasets": lines})
    show(lines, chosen.rounds)
    print(f"written to {target}")


if __name__ == "__main__":
    main()
